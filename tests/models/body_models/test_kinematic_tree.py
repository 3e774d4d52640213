"""Known parents: the same body, posed without waiting for the device."""

from __future__ import annotations

import copy

import torch
from locations import ROOT
from mmengine.config import Config
from versions import needs_torch_2

from mroi_plugin.models.body_models.kinematic_tree import KinematicTree
from mroi_plugin.models.body_models.smpl import SMPLBody, build_from_arrays, load_body_arrays
from mroi_plugin.registry import MODELS

POSE = torch.randn(2, 69, generator=torch.Generator().manual_seed(0)) * 0.4
"""(N, 69) radians."""


def posed(body):
    return body(body_pose=POSE, betas=torch.ones(2, 10), global_orient=POSE[:, :3])['vertices']


def test_the_body_is_that_of_smplx():
    from mmhuman3d.models.body_models.smpl import SMPL

    known = SMPLBody('nowhere', free_body=True)
    arrays, orders = load_body_arrays('nowhere', 'neutral', True), ('keypoint_src', 'keypoint_dst')
    plain = build_from_arrays(
        SMPL, arrays, model_path='nowhere', **dict.fromkeys(orders, 'smpl_54')
    )
    assert isinstance(plain.parents, torch.Tensor) and isinstance(known.parents, KinematicTree)
    assert [known.parents[j] for j in range(24)] == plain.parents.tolist()
    assert known.parents[1:].equal(plain.parents[1:])
    assert posed(known).equal(posed(plain))


def test_copies_and_moves_take_the_index_along():
    body = copy.deepcopy(SMPLBody('nowhere', free_body=True))
    assert body.parents.body is body and not body.state_dict()
    assert body.to('meta').parents[1:].device.type == 'meta'


@needs_torch_2
def test_the_network_is_one_graph():
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    model = MODELS.build(cfg).eval()
    batch = {'rois': torch.rand(1, 5, 3) * 100 + 80, 'focal_length': torch.full((1,), 800.0)}
    torch.compile(model.extract, backend='eager', fullgraph=True)(
        torch.randn(1, 5, 3, 64, 48), batch
    )
