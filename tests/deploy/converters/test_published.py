"""The published checkpoints, by their true names: all of each is used and computes the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from oracles import released_network
from published_checkpoints import CONFIGS, published, random_checkpoint

from mroi_plugin.deploy.converters.convert_checkpoint import convert_checkpoint, network_of
from mroi_plugin.utils.state_dicts import plain_names

RELEASED = ('released_resnet50', 'released_hrnet48')
CLIFF = ('cliff_resnet50_author', 'cliff_hrnet48_author')


@pytest.fixture(scope='module')
def converted(tmp_path_factory):
    """Convert a kind once: its plain state dict, the report and our network with its weights."""
    done = {}

    def convert(kind):
        if kind not in done:
            folder = tmp_path_factory.mktemp(kind)
            theirs = random_checkpoint(kind)
            entries = dict.fromkeys(published(kind)['top_level_keys'], 3)
            if 'dataset_perm' in entries:
                entries['dataset_perm'] = np.arange(5)
            torch.save({'model': theirs, **entries}, folder / 'theirs.pt')
            report = convert_checkpoint(
                CONFIGS[kind], str(folder / 'theirs.pt'), str(folder / 'ours.pth')
            )
            written = json.loads((folder / 'ours.json').read_text())
            network = network_of(CONFIGS[kind])
            network.load_state_dict(torch.load(folder / 'ours.pth')['state_dict'])
            for file in folder.iterdir():
                file.unlink()  # hundreds of megabytes
            done[kind] = plain_names(theirs), report, written, network.eval()
        return done[kind]

    return convert


@pytest.mark.parametrize('kind', CONFIGS)
def test_every_name_is_accounted_for(kind, converted):
    theirs, report, written, network = converted(kind)
    assert not report.missing and not report.unused and not report.wrong_shape
    named = [*report.used, *report.renamed, *report.not_needed]
    assert sorted(named) == sorted(theirs)
    assert set(report.not_needed) == {name for name in theirs if name.startswith('pos_enc.')}
    assert {*report.used.values(), *report.renamed.values()} == set(network.state_dict())
    assert written['source'] == kind.split('_')[0]


@pytest.mark.parametrize('kind', CONFIGS)
def test_the_backbone_holds_their_tensors(kind, converted):
    theirs, report, _, network = converted(kind)
    ours = network.state_dict()
    names = {**report.used, **report.renamed}
    backbone = [name for name, target in names.items() if target.startswith('backbone.')]
    assert len(backbone) > 300
    assert all(torch.equal(ours[names[name]], theirs[name]) for name in backbone)


def inputs(network, persons=2):
    generator = torch.Generator().manual_seed(1)
    shape = (persons, network.head.num_rois)
    h = torch.rand(*shape, network.head.in_channels, generator=generator) * 2 - 0.5
    return h, torch.randn(*shape, 3, generator=generator)


def arrays(state):
    """float64, as the formulas; the encoding's own are float32."""
    return {
        n: v.numpy() if n.startswith('pos_enc') else v.double().numpy() for n, v in state.items()
    }


def assert_close(ours, theirs, name=''):
    """To 1e-5 of the largest number."""
    limit = 1e-5 * np.abs(theirs).max()
    np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=0, atol=limit, err_msg=name)


@pytest.mark.parametrize('kind', RELEASED)
def test_the_converted_head_is_the_released_one(kind, converted):
    theirs, _, _, network = converted(kind)
    h, boxes = inputs(network)
    out = network.head(h, boxes, supervise=True)
    out['fused'], weights = network.head.fusion(h, boxes)
    assert weights.std() > 0.05
    for i in range(len(h)):
        wanted = released_network.head(h[i].double().numpy(), boxes[i].numpy(), arrays(theirs))
        for name, value in wanted.items():
            assert_close(out[name][i], value, name)


def test_the_exact_encoding_is_not_the_one_they_were_trained_with(converted):
    network = converted(RELEASED[0])[-1]
    fusion = network.head.fusion
    h, boxes = inputs(network)
    naive = fusion(h, boxes)[1]
    fusion.relation.encoding.kind = 'exact'
    try:
        exact = fusion(h, boxes)[1]
    finally:
        fusion.relation.encoding.kind = 'naive'
    assert 1e-3 < (naive - exact).abs().max() < 0.5


@pytest.mark.parametrize('kind', CLIFF)
def test_the_converted_decoder_is_cliffs(kind, converted):
    theirs, _, _, network = converted(kind)
    h, boxes = inputs(network)
    out = network.head(h, boxes)
    for i in range(len(h)):
        pose, shape, cam = released_network.decode(
            h[i, 0].double().numpy(), boxes[i].double().numpy(), arrays(theirs)
        )
        assert_close(out['pred_pose'][i], released_network.rotations(pose))
        assert_close(out['pred_betas'][i], shape)
        assert_close(out['pred_cam'][i, 0], cam)
