"""The hook in a real run of mmengine's Runner: what is on the disk, and in which order."""

from __future__ import annotations

import os
from uuid import UUID

import pytest
import torch
import torch.nn.functional as F
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import nn

from mroi_plugin.engine.best_metric import check_best
from mroi_plugin.engine.resume import check_resumable, latest_checkpoint
from mroi_plugin.evaluation.metrics.human_mesh_metric import HumanMeshMetric
from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely
from mroi_plugin.utils.torch_files import read_torch


@pytest.fixture(autouse=True)
def scope_of_other_tests(monkeypatch):
    """The Runner sets the default scope of the whole process."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    with checkpoints_read_safely():
        yield


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(2, 1)

    def forward(self, x, y, mode):
        return {'loss': F.mse_loss(self.line(x), y)} if mode == 'loss' else [{} for _ in x]


class Falling(BaseMetric):
    """An error that is what it is told to be after each validation."""

    default_prefix = 'a'

    def __init__(self, values):
        super().__init__()
        self.values = iter(values)

    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return {'error': next(self.values)}


PAIRS = [(torch.ones(2), torch.ones(1))] * 4


def run(work_dir, values=(3.0, 2.0, 2.5, 1.0), resume=None, name='1', metric=None, **options):
    epochs = len(values)
    loader = dict(
        dataset=PAIRS,
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
    )
    checkpoint = dict(type='mroi_plugin.AtomicCheckpointHook', interval=1, rule='less', **options)
    runner = Runner(
        Line(),
        str(work_dir),
        train_dataloader=loader,
        val_dataloader=loader,
        val_cfg={},
        val_evaluator=Evaluator([metric or Falling(values)]),
        train_cfg=dict(by_epoch=True, max_epochs=epochs, val_interval=1),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.1)),
        default_hooks=dict(checkpoint=checkpoint),
        custom_hooks=[dict(type='mroi_plugin.MissedValidationHook')],
        resume=resume is not None,
        load_from=resume,
        log_level='ERROR',
        experiment_name=f'{work_dir.name}_{name}',
    )
    runner.train()
    return runner


def names(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(('.pth', '.part', 'point')))


def test_the_last_ones_and_the_best_are_kept(tmp_path):
    run(tmp_path, max_keep_ckpts=2, save_best='a/error')
    kept = ['best_a_error_epoch_4.pth', 'epoch_3.pth', 'epoch_4.pth', 'last_checkpoint']
    assert names(tmp_path) == kept
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_4.pth')
    content = read_torch(str(tmp_path / 'epoch_4.pth'))
    assert content['message_hub']['runtime_info']['best_ckpt'].endswith('epoch_4.pth')
    assert content['message_hub']['runtime_info']['keep_ckpt_ids'] == [3, 4]


def test_several_best_ones(tmp_path):
    run(tmp_path, values=(3.0, 2.0, 2.5), max_keep_ckpts=1, save_best=['a/error'])
    assert names(tmp_path) == ['best_a_error_epoch_2.pth', 'epoch_3.pth', 'last_checkpoint']


def test_at_every_moment_there_is_a_whole_one(tmp_path, monkeypatch):
    """Looked at before each move: nothing but complete files, and from the second one on always
    at least one to go on from, and a best one."""
    seen, move = [], os.replace

    def watched(source, target):
        there = [p for p in tmp_path.glob('*.pth')]
        assert all(read_torch(str(p))['state_dict'] for p in there)
        seen.append([p.name for p in there])
        move(source, target)

    monkeypatch.setattr(os, 'replace', watched)
    run(tmp_path, max_keep_ckpts=1, save_best='a/error')
    after_first = seen[1:]
    assert len(seen) > 12 and all(any(n.startswith('epoch') for n in s) for s in after_first)
    best = [any(n.startswith('best') for n in s) for s in seen]
    assert all(best[best.index(True) :])


def test_a_resumed_run_replaces_what_the_first_left(tmp_path):
    run(tmp_path, values=(3.0, 2.0), max_keep_ckpts=2, save_best='a/error')
    (tmp_path / f'.epoch_3.pth.{UUID(int=0).hex}.part.pth').write_bytes(b'half')
    resume = latest_checkpoint(str(tmp_path))
    assert resume == str(tmp_path / 'epoch_2.pth')
    run(tmp_path, (9.0, 1.5, 1.0, 0.5), resume, '2', max_keep_ckpts=2, save_best='a/error')
    kept = ['best_a_error_epoch_4.pth', 'epoch_3.pth', 'epoch_4.pth', 'last_checkpoint']
    assert names(tmp_path) == kept


def test_no_room_is_an_error_before_the_first_step(tmp_path):
    with pytest.raises(OSError, match='MiB free, and 10000000000000 checkpoints will take about'):
        run(tmp_path, values=range(10**13))
    assert not list(tmp_path.glob('*.pth'))


def test_damaged_ones_are_passed_over(tmp_path):
    run(tmp_path, values=(2.0, 1.0))
    newest = tmp_path / 'epoch_3.pth'
    newest.write_bytes((tmp_path / 'epoch_2.pth').read_bytes()[:-500])
    (tmp_path / 'last_checkpoint').write_text(str(newest))
    assert latest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_2.pth')
    for path in tmp_path.glob('epoch_*.pth'):
        path.write_bytes(b'')
    with pytest.raises(ValueError, match=r'--resume\): none of its 3 checkpoints'):
        latest_checkpoint(str(tmp_path))


def test_nothing_to_go_on_from(tmp_path):
    assert latest_checkpoint(str(tmp_path)) is None is latest_checkpoint(str(tmp_path / 'gone'))
    run(tmp_path, values=(1.0,), save_best='a/error')
    with pytest.raises(ValueError, match=r'best_a_error_epoch_1.pth \(--resume\) has no optimizer'):
        check_resumable(str(tmp_path / 'best_a_error_epoch_1.pth'))


def test_text_of_a_config_is_not_run_at_resuming(tmp_path):
    """mmengine runs ``meta.config`` of the checkpoint that it resumes from, as Python."""
    run(tmp_path, values=(2.0,))
    content = read_torch(str(tmp_path / 'epoch_1.pth'))
    trace = tmp_path / 'trace'
    content['meta']['config'] = f'open({str(trace)!r}, "w")\n'
    torch.save(content, tmp_path / 'planted.pth')
    runner = run(tmp_path, (2.0, 1.0), str(tmp_path / 'planted.pth'), '2')
    assert runner.epoch == 2 and not trace.exists()


class Killed(Exception):
    """Ends a run where a kill would."""


class Doomed(Falling):
    """A validation that the run does not survive."""

    def compute_metrics(self, results):
        raise Killed


def test_a_validation_that_was_cut_off_is_made_up_for(tmp_path):
    with pytest.raises(Killed):
        run(tmp_path, metric=Doomed([1.0]), values=(1.0,), save_best='a/error')
    assert names(tmp_path) == ['epoch_1.pth', 'last_checkpoint']
    resume = latest_checkpoint(str(tmp_path))
    runner = run(tmp_path, (3.0,), resume, '2', save_best='a/error')
    assert runner.message_hub.get_scalar('val/a/error').current() == 3.0
    assert 'best_a_error_epoch_1.pth' in names(tmp_path)


def test_a_validation_that_is_known_is_not_repeated(tmp_path):
    """The best checkpoint had this one written again, after the validation."""
    run(tmp_path, values=(3.0,), save_best='a/error')
    runner = run(tmp_path, (9.0,), latest_checkpoint(str(tmp_path)), '2', save_best='a/error')
    assert runner.message_hub.get_scalar('val/a/error').current() == 3.0


def test_a_best_one_by_what_no_validation_gives(tmp_path):
    """A metric of the user's own may not say what it gives; then the first validation does."""
    with pytest.raises(ValueError, match=r"save_best='a/err': the validation gives a/error; 'a/"):
        run(tmp_path, save_best='a/err')
    assert names(tmp_path) == ['epoch_1.pth', 'last_checkpoint']


def test_what_a_metric_gives_is_told_by_its_own_class():
    surface, joints = (HumanMeshMetric({}, gt_source=source) for source in ('smpl', 'keypoints3d'))
    check_best(['mesh/pve'], ['less'], [surface])
    with pytest.raises(ValueError, match="'mesh/pve': the validation gives mesh/mpjpe"):
        check_best(['mesh/pve'], ['less'], [joints])

    class More(HumanMeshMetric):
        """Gives an error more."""

    check_best(['mesh/accel'], ['less'], [More({})])
    check_best(['a/error', 'mesh/pck'], ['greater', 'greater'], [Falling([]), surface])
