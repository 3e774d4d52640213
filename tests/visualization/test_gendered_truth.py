"""Truth is drawn with the body of the person's gender, in tests and in checks of data."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
import trimesh
from gendered_files import write_gendered

from mroi_plugin import apis
from mroi_plugin.data_preparation.data_check.images import draw_samples
from mroi_plugin.datasets.annotation_file import read_human_data, write_human_data
from mroi_plugin.datasets.annotations import read_annotations
from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies

TEST = 'data/synthetic/preprocessed_datasets/synthetic_test.npz'
IMAGES = 'data/synthetic/datasets/synthetic'
CPU = torch.device('cpu')


@pytest.fixture
def persons(in_workspace, tmp_path):
    """The first two test persons alike, once as men and once without a gender."""
    files = {}
    for name, gender in (('male', 'male'), ('neutral', 'neutral')):
        table = read_human_data(TEST)
        table.pop('misc', None)
        table['meta'] = {'gender': [gender] * len(table['image_path'])}
        files[name] = str(tmp_path / f'{name}.npz')
        write_human_data(files[name], table)
    return files


def test_meshes_of_a_test(persons, config, tmp_path):
    bodies = write_gendered(tmp_path / 'smpl')
    torch.manual_seed(0)
    torch.save(build_model(load_config(config).model).state_dict(), tmp_path / 'm.pth')
    found, expected = [], []
    for name, file in persons.items():
        options = [
            f'test_dataloader.dataset.ann_file={file}',
            'test_dataloader.num_workers=0',
            'test_dataloader.persistent_workers=False',
        ]
        for key in ('test_dataloader.dataset', 'test_evaluator', 'model'):
            options += [
                f'{key}.body_model.model_path={bodies["model_path"]}',
                f'{key}.body_model.free_body=False',
            ]
        folder = tmp_path / name
        apis.test(
            config, str(tmp_path / 'm.pth'), work_dir=str(folder), options=options, num_show=1
        )
        scene = trimesh.load(folder / 'pictures' / 'meshes.glb')
        found.append(scene.geometry['true_0'].extents)
        row = read_annotations(file, 'smpl_54').row(0)
        names = ('smpl_global_orient', 'smpl_body_pose', 'smpl_betas', 'gender')
        one = {name: torch.as_tensor(row[name])[None] for name in names}
        expected.append(np.ptp(GenderedBodies(bodies).vertices(one, CPU)[0].numpy(), axis=0))
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    assert min(found[0] / found[1]) > 1.05


@pytest.mark.parametrize('there', [True, False])
def test_pictures_of_the_data(persons, tmp_path, there):
    """The neutral body where there is no other."""
    bodies, sheets = write_gendered(tmp_path / 'smpl'), []
    if not there:
        (tmp_path / 'smpl' / 'SMPL_MALE.pkl').unlink()
    for name, file in persons.items():
        data = MultiRoIHumanDataset(file, IMAGES, [], body_model=bodies)
        posed = GenderedBodies(bodies, or_neutral=True)
        sheet = draw_samples(data, [0], {'type': 'MultiRoICrop'}, posed, tmp_path / name)
        sheets.append(cv2.imread(str(sheet)))
    assert np.array_equal(*sheets) != there
