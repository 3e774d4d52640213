"""Two ranks with B persons each are one process with 2 B: losses, gradients, running statistics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from drawn_weights import move_heads
from locations import ROOT
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from torch import nn

from mroi_plugin.models.layers.rank_batch_norm import RankBatchNorm1d
from mroi_plugin.registry import MODELS

PERSONS = 6


def build(reduction: str) -> nn.Module:
    """The small Multi-RoI network without what is random or of one rank alone by design."""
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    cfg.backbone.norm_eval = True
    cfg.head.decoder.dropout = 0.0
    cfg.losses.contrastive.reduction = reduction
    torch.manual_seed(0)
    return move_heads(MODELS.build(cfg)).train()


def make_batch() -> dict[str, torch.Tensor]:
    """Persons who are annotated most unequally over the two halves."""
    generator = torch.Generator().manual_seed(1)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    keypoints2d, keypoints3d = rand(PERSONS, 54, 3) * 200, rand(PERSONS, 54, 4)
    keypoints2d[..., 2] = (rand(PERSONS, 54) > 0.5).float()
    keypoints2d[0, :, 2] = 0
    keypoints3d[1:4, ..., 3] = 0
    return {
        'img': rand(PERSONS, 5, 3, 64, 48),
        'rois': rand(PERSONS, 5, 3) * 100 + 80,
        'focal_length': torch.full((PERSONS,), 800.0),
        'principal_point': torch.tensor([[320.0, 240.0]]).repeat(PERSONS, 1),
        'keypoints2d': keypoints2d,
        'keypoints3d': keypoints3d,
        'smpl_body_pose': rand(PERSONS, 23, 3) * 0.4,
        'smpl_global_orient': rand(PERSONS, 3),
        'smpl_betas': rand(PERSONS, 10),
        'has_smpl': torch.tensor([1.0, 0, 0, 1, 1, 1]),
    }


def step(model: nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, float]:
    losses = model(**batch, mode='loss')
    sum(losses.values()).backward()
    return {name: value.item() for name, value in losses.items()}


def run_rank(rank: int, folder: str, reduction: str) -> None:
    """One of two ranks: its half of the persons, every parameter used."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    model = build(reduction)
    ddp = MMDistributedDataParallel(model, find_unused_parameters=False, broadcast_buffers=False)
    half = slice(rank * PERSONS // 2, (rank + 1) * PERSONS // 2)
    losses = step(ddp, {name: value[half] for name, value in make_batch().items()})
    Path(folder, f'{rank}.json').write_text(json.dumps(losses))
    if rank == 0:
        gradients = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        torch.save({'state': model.state_dict(), 'gradients': gradients}, f'{folder}/rank0.pth')
    dist.destroy_process_group()


@pytest.mark.parametrize('reduction', ['mean', 'sum'])
def test_two_ranks_are_one_process_with_twice_the_batch(tmp_path, reduction):
    mp.spawn(run_rank, args=(str(tmp_path), reduction), nprocs=2)
    model = build(reduction)
    expected = step(model, make_batch())
    told = [json.loads((tmp_path / f'{rank}.json').read_text()) for rank in range(2)]
    assert told[0].keys() == expected.keys() and len(expected) >= 6
    for name, value in expected.items():
        mean = (told[0][name] + told[1][name]) / 2
        assert mean == pytest.approx(value, rel=1e-5), name
    saved = torch.load(tmp_path / 'rank0.pth', weights_only=True)
    state = model.state_dict()
    assert saved['state'].keys() == state.keys()  # the same layout of checkpoints
    for name, buffer in model.named_buffers():
        if name in state and 'running' in name:
            torch.testing.assert_close(saved['state'][name], buffer, rtol=1e-4, atol=1e-6)
    gradients = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    assert saved['gradients'].keys() == gradients.keys()
    # A bias before a batch norm has no gradient but rounding: hence the part of all gradients.
    whole = torch.cat([gradient.flatten() for gradient in gradients.values()]).norm()
    for name, gradient in gradients.items():
        apart = (saved['gradients'][name] - gradient).norm()
        assert apart <= 1e-4 * gradient.norm() + 1e-6 * whole, (name, apart, gradient.norm())


def test_in_one_process_it_is_batch_norm():
    torch.manual_seed(0)
    ours, theirs, x = RankBatchNorm1d(5), nn.BatchNorm1d(5), torch.randn(8, 5)
    assert ours(x).equal(theirs(x)) and ours.state_dict().keys() == theirs.state_dict().keys()
    assert ours.eval()(x).equal(theirs.eval()(x))
