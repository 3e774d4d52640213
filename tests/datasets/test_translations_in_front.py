"""Persons behind the camera are masked in training, and named."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.datasets.human_data import MultiRoIHumanDataset


def test_translations_behind_the_camera_are_masked_and_named(in_workspace, tmp_path):
    from mroi_plugin.datasets.annotation_file import read_human_data, write_human_data

    root = in_workspace / 'data' / 'synthetic'
    table = read_human_data(str(root / 'preprocessed_datasets' / 'synthetic_test.npz'))
    table['smpl']['transl'] = np.array(table['smpl']['transl'])
    table['smpl']['transl'][[2, 5], 2] *= -1
    path = str(tmp_path / 'a.npz')
    write_human_data(path, table)
    body = {'type': 'SMPLBody', 'model_path': 'none', 'free_body': True}
    with pytest.warns(UserWarning, match=r'smpl.transl of 2 of 8 persons .* of sample 2 \(test'):
        dataset = MultiRoIHumanDataset(path, str(root / 'datasets'), [], body_model=body)
    assert dataset.annotations.arrays['has_transl'].tolist() == [1, 1, 0, 1, 1, 0, 1, 1]
