"""A work dir that cannot take the run is refused before the run."""

from __future__ import annotations

import os

import pytest
import torch
from tiny_training import write_config
from torch import nn

from mroi_plugin.apis.train import train
from mroi_plugin.engine.disk_space import LOGS, check_disk_space, check_writable, checkpoint_bytes
from mroi_plugin.engine.hooks import atomic_checkpoint_hook


def test_a_folder_is_made_and_left_empty(tmp_path):
    check_writable(str(tmp_path / 'a' / 'b'))
    assert list((tmp_path / 'a' / 'b').iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match=r'work dir .*file.sub cannot be written to.*--work-dir'):
        check_writable(str(tmp_path / 'file' / 'sub'))


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write anywhere')
def test_a_folder_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match='cannot be written to: Permission denied'):
        check_writable(str(tmp_path))
    tmp_path.chmod(0o700)


def test_estimate_of_a_checkpoint_is_its_size(tmp_path):
    model = nn.Sequential(nn.Linear(300, 300), nn.BatchNorm1d(300))
    model[0].bias.requires_grad_(False)
    optimizer = torch.optim.Adam(p for p in model.parameters() if p.requires_grad)
    model(torch.randn(4, 300)).sum().backward()
    optimizer.step()
    weights, full = checkpoint_bytes(model)
    content = {'state_dict': model.state_dict()}
    torch.save(content, tmp_path / 'weights.pth')
    torch.save({**content, 'optimizer': optimizer.state_dict()}, tmp_path / 'full.pth')
    assert weights == pytest.approx((tmp_path / 'weights.pth').stat().st_size, rel=0.02)
    assert full == pytest.approx((tmp_path / 'full.pth').stat().st_size, rel=0.02)


@pytest.mark.parametrize(
    'options',
    [
        ("custom_hooks=[dict(type='EMAHook')]",),
        ('optim_wrapper.accumulative_counts=3',),
        ("custom_hooks=[dict(type='EMAHook')]", 'optim_wrapper.accumulative_counts=3'),
    ],
)
def test_averaged_weights_and_gradients_take_their_room(
    in_workspace, tmp_path, monkeypatch, options
):
    told = []
    monkeypatch.setattr(
        atomic_checkpoint_hook, 'check_disk_space', lambda _, needed, what: told.append(needed)
    )
    train(write_config(tmp_path), str(tmp_path / 'run'), options=options, epochs=2)
    written = sum(path.stat().st_size for path in (tmp_path / 'run').glob('epoch_*.pth'))
    gradients = 'accumulative' in options[-1]  # of the first epoch alone, whose end is in a step
    assert 0.95 * written < told[0] < (1.3 if gradients else 1.05) * written


def test_room(tmp_path):
    check_disk_space(str(tmp_path / 'not' / 'yet'), 0, 'nothing')
    with pytest.raises(OSError, match=r'MiB free, and 3 checkpoints will take .*max_keep_ckpts'):
        check_disk_space(str(tmp_path / 'not' / 'yet'), 2**60 - LOGS, '3 checkpoints')
