"""What no image of a person can have, refused alike in training and in inference."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.apis.input_checks import check_box, image_camera
from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.datasets.plausibility import box_error, focal_length_error
from mroi_plugin.datasets.sample_errors import InvalidSampleError

IMAGE = InputImage('a.jpg', (640, 480))
NAN, INF = float('nan'), float('inf')


@pytest.mark.parametrize(
    ('box', 'good'),
    [
        ((10, 10, 50, 90), True),
        ((-30, -20, 50, 90), True),
        ((10, 10, 2, 2), True),
        ((10, 10, 1, 1), False),
        ((10, 10, 50, 1.9), False),
        ((10, 10, -50, 90), False),
        ((10, 10, 1e9, 90), False),
        ((-6000, -6000, 12800, 12800), True),
        ((-60, 10, 50, 90), False),
        ((10, 480, 50, 90), False),
        ((NAN, 10, 50, 90), False),
        ((10, 10, NAN, 90), False),
        ((10, -INF, 50, INF), False),
    ],
)
def test_boxes(box, good):
    box = np.array(box, np.float64)
    if np.isfinite(box).all():
        assert (box_error(box[:2] + box[2:] / 2, box[2:], np.array(IMAGE.size)) is None) == good
    if good:
        check_box(IMAGE, 3, box)
    else:
        with pytest.raises(InvalidSampleError, match='box 3 is x, y, w, h = '):
            check_box(IMAGE, 3, box)


@pytest.mark.parametrize(
    ('focal', 'good'),
    [(800, True), (80, True), (800000, True), (1.2, False), (35, False), (1e20, False)],
)
def test_focal_lengths(focal, good):
    assert (focal_length_error(focal, np.array(IMAGE.size)) is None) == good
    matrix = np.array([[focal, 0, 320], [0, focal, 240], [0, 0, 1]])
    for given in ((focal, None), (None, matrix), (None, {'a.jpg': matrix})):
        if good:
            assert image_camera(IMAGE, *given)[0] == focal
        else:
            with pytest.raises(InvalidSampleError, match='expected between 80 and 8e'):
                image_camera(IMAGE, *given)


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
