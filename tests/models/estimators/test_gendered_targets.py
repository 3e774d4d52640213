"""Persons whose parameters are of a gendered body are not supervised as if they were neutral."""

from __future__ import annotations

import pytest
import torch
from gendered_files import write_gendered
from locations import ROOT
from mmengine.config import Config
from test_configs import small_batch

from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies
from mroi_plugin.registry import MODELS

GENDERS = torch.tensor([0, -1, 1, -1])


@pytest.fixture(scope='module')
def bodies(tmp_path_factory):
    return write_gendered(tmp_path_factory.mktemp('smpl'))


def estimator(bodies, **options):
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    torch.manual_seed(0)
    return MODELS.build({**cfg, 'body_model': bodies, **options}).train()


def batch(genders=GENDERS):
    return {**small_batch(5, persons=len(GENDERS)), 'gender': genders}


def test_their_shapes_and_vertices_do_not_count(bodies):
    model = estimator(bodies)
    targets = model.targets(batch())
    assert targets['has_betas'].tolist() == targets['has_vertices'].tolist() == [0, 1, 0, 1]
    found, other = model(**batch(), mode='loss'), batch()
    other['smpl_betas'][GENDERS >= 0] += 5
    again = model(**other, mode='loss')
    for name in ('loss_betas', 'loss_vertices'):
        torch.testing.assert_close(found[name], again[name])
    turned = batch()
    turned['smpl_body_pose'][0] += 1
    assert model(**turned, mode='loss')['loss_pose'] != found['loss_pose']


def test_with_their_bodies_vertices_are_theirs(bodies):
    targets = estimator(bodies, target_bodies=bodies).targets(batch())
    expected = GenderedBodies(bodies).vertices(batch(), torch.device('cpu'))
    torch.testing.assert_close(targets['target_vertices'], expected)
    assert targets['has_vertices'].tolist() == [1, 1, 1, 1]
    assert targets['has_betas'].tolist() == [0, 1, 0, 1]
    neutral = estimator(bodies).targets(batch())['target_vertices']
    differ = (neutral - expected).abs().amax((1, 2)) > 0.01
    assert differ.tolist() == [True, False, True, False]


def test_without_genders_all_are_neutral(bodies):
    given = batch()
    del given['gender']
    found = estimator(bodies, target_bodies=bodies).targets(given)
    assert found['has_betas'].equal(given['has_smpl'])
    assert found['has_vertices'].equal(given['has_smpl'])


def test_bodies_of_targets_are_no_weights(bodies):
    with_them = estimator(bodies, target_bodies=bodies)
    with_them.targets(batch())
    assert with_them.state_dict().keys() == estimator(bodies).state_dict().keys()


@pytest.mark.parametrize('name', ['mroi_hrnet48_pw3d_ft', 'mroi_resnet50_pw3d_ft'])
def test_fine_tuning_on_gendered_persons_has_their_bodies(name):
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / f'{name}.py')
    assert cfg.model.target_bodies == cfg.model.body_model
