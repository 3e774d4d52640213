"""The Python interface: the numbers of tools/test.py, whatever the batches, and named errors."""

from __future__ import annotations

import itertools
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from mroi_plugin import apis
from mroi_plugin.apis.inferencer import Inferencer
from mroi_plugin.apis.inputs import iterate_images
from mroi_plugin.datasets.transforms.encoded_image import EncodedImage
from mroi_plugin.engine.checkpoints import CheckpointMismatchError
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import DATASETS, METRICS


def infer_one(inferencer, inputs, **given):
    (result,) = inferencer(inputs, **given)
    assert result.error is None, result.error
    return result


def test_errors_are_those_of_the_test_tool(inferencer, people, config, checkpoint, in_workspace):
    """Same boxes and cameras: MPJPE, PA-MPJPE and PVE to 0.01 mm."""
    expected = apis.test(config, checkpoint, work_dir='tested')
    cfg = load_config(config, 'unused')
    dataset, metric = DATASETS.build(cfg.test_dataloader.dataset), METRICS.build(cfg.test_evaluator)
    for i in range(len(people)):
        result = infer_one(
            inferencer, people.path(i), boxes=people.box(i), camera_matrix=people.matrix(i)
        )
        (person,) = result.instances
        prediction = {
            'pred_vertices': torch.from_numpy(person.vertices),
            'pred_joints': torch.from_numpy(person.joints),
            'pred_cam_full': torch.from_numpy(person.full_cameras),
            'pred_transl': torch.from_numpy(person.trans),
            'focal_length': torch.tensor(person.focal_length),
        }
        metric.process(torch.utils.data.default_collate([dataset[i]]), [prediction])
    found = metric.evaluate(len(people))
    for name in ('mpjpe', 'pa_mpjpe', 'pve'):
        assert found[f'mesh/{name}'] == pytest.approx(expected[f'mesh/{name}'], abs=0.01)
    assert found['mesh/camera_residual_px'] == pytest.approx(
        expected['mesh/camera_residual_px'], rel=1e-4
    )


@pytest.mark.parametrize('batch_size', [1, 3, 100])
def test_batches_and_order_do_not_matter(config, checkpoint, people, batch_size):
    """Two persons in every second image, none in every third."""
    model = Inferencer(config, checkpoint, 'cpu', batch_size=batch_size)
    paths, boxes = [people.path(i) for i in range(6)], {}
    for i, path in enumerate(paths):
        count = (1, 2, 0)[i % 3]
        boxes[path] = np.array([people.box(i) + 5 * k for k in range(count)]).reshape(-1, 4)
    results = list(model(paths, boxes=boxes))
    assert [result.name for result in results] == paths
    for result in results:
        assert len(result.instances) == len(boxes[result.name]) and result.image is None
        for k, person in enumerate(result.instances):
            alone = infer_one(model, result.name, boxes=boxes[result.name][k]).instances[0]
            np.testing.assert_allclose(person.vertices, alone.vertices, atol=1e-5)
            np.testing.assert_allclose(person.full_cameras, alone.full_cameras, rtol=1e-4)


def test_an_image_is_decoded_once_for_all_its_people(inferencer, tmp_path, monkeypatch):
    """Once at each size that crops need, and they are as if each person were alone."""
    rng = np.random.default_rng(0)
    pixels = cv2.resize(rng.integers(0, 256, (60, 80, 3), np.uint8), (1600, 1200))
    path = str(tmp_path / 'crowd.jpg')
    Image.fromarray(pixels).save(path, quality=95)
    boxes = np.array(
        [[40 + 150 * i, 300, 60 + 90 * (i % 3), 120 + 260 * (i % 3)] for i in range(9)]
    )
    alone = [next(inferencer(path, {path: box[None]})).instances[0] for box in boxes]
    decoded = []
    decode = EncodedImage.decode

    def counted(image, reduction=1):
        decoded.append(reduction)
        return decode(image, reduction)

    monkeypatch.setattr(EncodedImage, 'decode', counted)
    (found,) = inferencer(path, {path: boxes})
    assert sorted(decoded) == [1, 1, 4]  # once more for the picture that is kept
    for one, other in zip(found.instances, alone):
        np.testing.assert_allclose(one.vertices, other.vertices, atol=1e-5)


def threads():
    """How many compute ahead."""
    return sum(thread.name == 'prefetched' for thread in threading.enumerate())


def test_images_are_read_when_they_are_needed(inferencer, people):
    """Of an endless run of images no more are gathered than three batches: one of which results
    are taken, one that waits, and one that is cut out."""
    read = []

    def endless():
        for i in itertools.count():
            read.append(i)
            yield people.path(i % 4)

    class Endless:
        __iter__ = lambda self: endless()  # noqa: E731

    boxes = {people.path(i): people.box(i) for i in range(4)}
    results = inferencer(Endless(), boxes=boxes)
    for _ in range(3):
        next(results)
    time.sleep(1)
    assert len(read) <= 3 * inferencer.batch_size
    results.close()
    read.clear()
    nobody = inferencer(Endless(), boxes={'other.jpg': people.box(0)})
    next(nobody)
    time.sleep(1)
    assert len(read) <= 6  # every image is a batch, and every result waits in turn
    nobody.close()
    before = len(read)
    time.sleep(0.2)
    assert len(read) == before and threads() == 0


def test_calls_at_the_same_time_are_those_one_after_the_other(config, checkpoint, people):
    """Interleaved and in several threads, with one detector that sees one image at a time."""
    inside, most = [], []

    def detector(image):
        inside.append(image.name)
        most.append(len(inside))
        time.sleep(0.01)
        boxes = people.box(0)[None]
        inside.pop()
        return boxes, np.ones(1)

    model = Inferencer(config, checkpoint, 'cpu', detector, batch_size=2)
    paths = [people.path(i % 4) for i in range(8)]

    def vertices(results):
        return np.array([result.instances[0].vertices for result in results])

    expected = vertices(model(paths))
    first, second = zip(*zip(model(paths), model(paths)))
    np.testing.assert_array_equal(vertices(first), expected)
    np.testing.assert_array_equal(vertices(second), expected)
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(lambda _: vertices(model(paths)), range(3)):
            np.testing.assert_array_equal(found, expected)
    assert max(most) == 1


def test_an_error_comes_after_what_was_before_it(config, checkpoint, people):
    """Of a detector or of the inputs: at the fourth image, in batches of three."""

    def detector(image):
        if len(seen) == 3:
            raise LookupError('no')
        seen.append(image.name)
        return people.box(0)[None], np.ones(1)

    def images(count):
        yield from (people.path(i % 4) for i in range(count))
        raise LookupError('no')

    class Inputs:
        __iter__ = lambda self: images(4)  # noqa: E731

    for size in (1, 2, 16):
        model = Inferencer(config, checkpoint, 'cpu', detector, batch_size=size)
        for inputs, boxes, count in (
            ([people.path(0)] * 6, None, 3),
            (Inputs(), people.box(0)[None], 4),
        ):
            seen, got = [], []
            with pytest.raises(LookupError, match='no'):
                got.extend(result.error for result in model(inputs, boxes=boxes))
            assert got == [None] * count


def test_the_focal_length_is_the_best_that_is_known(inferencer, people, tmp_path):
    image = Image.open(people.path(0))
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif.value] = {ExifTags.Base.FocalLengthIn35mmFilm.value: 50}
    image.save(tmp_path / 'a.jpg', exif=exif)
    box, diagonal = people.box(0), np.hypot(*image.size)
    path = str(tmp_path / 'a.jpg')

    def focal(name, **given):
        person = infer_one(inferencer, name, boxes=box, **given).instances[0]
        return person.focal_length, person.principal_point.tolist()

    middle = [side / 2 for side in image.size]
    assert focal(people.path(0)) == (pytest.approx(diagonal), middle)
    assert focal(path) == (pytest.approx(diagonal * 50 / np.hypot(36, 24), rel=1e-5), middle)
    assert focal(path, focal_length=700) == (700, middle)
    matrix = np.array([[800.0, 0, 31], [0, 802, 32], [0, 0, 1]])
    assert focal(path, focal_length=700, camera_matrix=matrix) == (801, [31, 32])
    assert focal(path, camera_matrix={path: matrix})[0] == 801


def test_an_image_on_its_side_is_the_upright_one(inferencer, people, tmp_path):
    """A lossless file turned by EXIF gives the same body at the same place."""
    pixels = np.asarray(Image.open(people.path(1)).convert('RGB'))
    Image.fromarray(pixels).save(tmp_path / 'upright.png')
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation.value] = 6
    Image.fromarray(np.rot90(pixels).copy()).save(tmp_path / 'side.png', exif=exif)
    persons = [
        infer_one(inferencer, tmp_path / name, boxes=people.box(1)).instances[0]
        for name in ('upright.png', 'side.png')
    ]
    np.testing.assert_allclose(persons[0].joints2d, persons[1].joints2d, atol=1e-3)
    np.testing.assert_allclose(persons[0].vertices, persons[1].vertices, atol=1e-5)


def test_what_a_person_is(inferencer, people):
    result = infer_one(
        inferencer, people.path(0), boxes=people.box(0), camera_matrix=people.matrix(0)
    )
    (person,) = result.instances
    assert result.size == Image.open(people.path(0)).size and result.image.dtype == np.uint8
    assert len(result.joint_names) == len(person.joints) == 54
    assert person.vertices.shape == (6890, 3) and person.rois.shape == (5, 3)
    identity = person.pose @ person.pose.transpose(0, 2, 1)
    np.testing.assert_allclose(identity, np.broadcast_to(np.eye(3), (24, 3, 3)), atol=1e-5)
    for i in (0, 5):
        turned = cv2.Rodrigues(person.pose_axis_angle[i].astype(np.float64))[0]
        np.testing.assert_allclose(turned, person.pose[i], atol=1e-5)
    s, tx, ty = person.local_cameras[0]
    cx, cy, b = person.rois[0]
    depth = 2 * person.focal_length / (s * b)
    expected = [tx + 2 * cx / (s * b), ty + 2 * cy / (s * b), depth]
    np.testing.assert_allclose(person.trans, expected, rtol=1e-4)
    camera = people.matrix(0)
    placed = (person.joints + person.trans) @ camera.T
    np.testing.assert_allclose(person.joints2d, placed[:, :2] / placed[:, 2:], atol=0.01)
    assert person.score == 1 and 0 < person.confidence <= 1 and person.spread_px > 0


def test_one_roi_has_no_disagreement(repo, people, tmp_path):
    from mroi_plugin.registry import MODELS

    config = str(repo / 'configs' / 'cliff' / 'cliff_synthetic.py')
    model = MODELS.build(load_config(config, 'unused').model)
    torch.save(model.state_dict(), tmp_path / 'cliff.pth')
    cliff = Inferencer(config, str(tmp_path / 'cliff.pth'), 'cpu')
    (person,) = infer_one(cliff, people.path(0), boxes=people.box(0)).instances
    assert person.confidence == pytest.approx(1) and person.spread_px == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(person.consensus_camera, person.trans, rtol=1e-5)


@pytest.mark.parametrize(
    ('box', 'message'),
    [
        ((10, 10, 0, 50), 'box 1: the box is 0 x 50 px, expected between 2'),
        ((10, 10, 50, -5), 'box 1: the box is 50 x -5 px'),
        ((np.nan, 10, 50, 50), 'box 1: the box is nan, 10, 50, 50, expected finite'),
        ((-500, 10, 50, 50), 'lies outside'),
        ((10, 5000, 50, 50), 'lies outside'),
        ((-5e8, -5e8, 1e9, 1e9), 'the box is 1e+09 x 1e+09 px'),
        ((10, 10, 50, 50, np.nan), 'box 1: the score is nan'),
    ],
)
def test_a_bad_box_is_named_and_the_others_go_on(inferencer, people, box, message):
    good = np.r_[people.box(0), 0.5]
    boxes = {people.path(0): np.array([good, np.r_[box, 1.0][:5], good]), people.path(1): good}
    first, second = inferencer([people.path(0), people.path(1)], boxes=boxes)
    (problem,) = first.problems
    assert message in problem and first.error is None
    assert [person.score for person in first.instances] == [0.5, 0.5]
    assert second.problems == () and len(second.instances) == 1


def test_boxes_of_a_network_are_judged_too(config, checkpoint, people):
    def detector(image):
        return np.array([people.box(0), np.full(4, np.nan)]), np.ones(2)

    result = infer_one(Inferencer(config, checkpoint, 'cpu', detector), people.path(0))
    assert len(result.instances) == 1 and 'box 1: the box is nan' in result.problems[0]


def test_unused_boxes_and_matrices_are_warned_of(inferencer, people, tmp_path):
    (tmp_path / 'bad.jpg').write_text('no image')
    paths = [people.path(0), str(tmp_path / 'bad.jpg')]
    boxes = {path: people.box(0) for path in paths}  # those of a bad image are not unused
    matrices = {path: people.matrix(0) for path in paths}
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert len(list(inferencer(paths, boxes=boxes, camera_matrix=matrices))) == 2
    with pytest.warns(UserWarning, match="1 boxes of 1 of 3 names meet no image: 'x/a.jpg'"):
        list(inferencer(paths, boxes={**boxes, 'x/a.jpg': people.box(0)}))
    results = inferencer(paths, boxes=boxes, camera_matrix={**matrices, 'b.jpg': people.matrix(0)})
    assert len(next(results).instances) == 1
    with pytest.warns(UserWarning, match="1 of 3 names meet no image: 'b.jpg'"):
        list(results)


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ({'focal_length': -1}, 'focal_length=-1: expected pixels above 0'),
        ({'focal_length': float('nan')}, 'focal_length=nan'),
        ({'focal_length': 1.2}, 'focal_length=1.2: expected pixels, at least 10'),
        ({'camera_matrix': np.eye(4)}, r'shape \(4, 4\); expected a finite camera matrix \(3, 3\)'),
        ({'camera_matrix': {'a.jpg': np.zeros((3, 3))}}, "'a.jpg': an array"),
        ({'camera_matrix': {'a.jpg': [[1, 2], [3]]}}, 'expected a finite camera matrix'),
        ({'boxes': np.zeros((2, 3))}, r'shape \(2, 3\); expected \(n, 4\)'),
    ],
)
def test_bad_requests_are_refused_at_once(inferencer, people, given, message):
    with pytest.raises(ValueError, match=message):
        inferencer(people.path(0), **given)


def test_a_folder_of_all_sorts(inferencer, people, tmp_path):
    """What can be used is, what cannot says why."""
    pixels = np.asarray(Image.open(people.path(0)).convert('RGB'))
    Image.fromarray(pixels).save(tmp_path / 'a_good.png')
    (tmp_path / 'b_text.jpg').write_text('no image')
    Image.fromarray(pixels[:1, :1]).save(tmp_path / 'c_pixel.png')
    Image.fromarray(pixels).convert('L').save(tmp_path / 'd_gray.png')
    Image.fromarray(pixels).convert('RGBA').save(tmp_path / 'e_alpha.png')
    cv2.imwrite(str(tmp_path / 'f_deep.png'), pixels[..., ::-1].astype(np.uint16) * 257)
    big = cv2.resize(pixels, (4000, 3000))
    Image.fromarray(big).save(tmp_path / 'g_big.jpg')
    good = (tmp_path / 'a_good.png').read_bytes()
    (tmp_path / 'h_cut.png').write_bytes(good[: len(good) // 3])
    box, size = people.box(0), np.array(pixels.shape[1::-1])
    boxes = {name: box for name in ('a_good', 'd_gray', 'e_alpha', 'f_deep')}
    boxes['g_big'] = box * np.tile([4000, 3000] / size, 2)
    boxes['c_pixel'], boxes['h_cut'] = np.array([0, 0, 1, 1]), box
    results = {r.name.rsplit('/', 1)[1][0]: r for r in inferencer(tmp_path, boxes=boxes)}
    assert sorted(results) == list('abcdefgh')
    assert 'cannot be read as an image' in results['b'].error
    assert 'truncated' in results['h'].error or 'decoded' in results['h'].error
    assert 'box 0: the box is 1 x 1 px, expected between 2' in results['c'].problems[0]
    for letter in 'adefg':
        assert results[letter].error is None and len(results[letter].instances) == 1
    for letter in 'ef':
        same = results[letter].instances[0].vertices
        np.testing.assert_allclose(same, results['a'].instances[0].vertices, atol=1e-4)
    ratio = np.array([4000, 3000] / size)
    drift = results['g'].instances[0].rois[0, 2] / results['a'].instances[0].rois[0, 2]
    assert drift == pytest.approx(ratio.max(), rel=0.34)


def test_another_network_and_another_method(repo, config, tmp_path, in_workspace):
    torch.save({'a': torch.zeros(1)}, tmp_path / 'other.pth')
    with pytest.raises(CheckpointMismatchError, match=r'other\.pth does not fit'):
        Inferencer(config, str(tmp_path / 'other.pth'))
    with pytest.raises(ValueError, match='this is for MultiRoIEstimator'):
        Inferencer(str(repo / 'configs/hosts/hmr_synthetic.py'), 'x.pth')
    with pytest.raises(FileNotFoundError, match='no such checkpoint'):
        Inferencer(config, 'nothing.pth')


def test_images_of_all_results_are_upright_arrays(inferencer, people):
    image = next(iter(iterate_images(people.path(2))))
    result = infer_one(inferencer, people.path(2), boxes=people.box(2))
    np.testing.assert_array_equal(result.image, image.pixels())


@pytest.mark.parametrize(
    'found',
    [None, ([[1, 2, 3]], [1]), ([[1, 2, 30, 40]], [1, 2]), ([['a'] * 4], [1]), [[1] * 4] * 3],
)
def test_a_detector_that_gives_something_else(config, checkpoint, people, found):
    def my_detector(image):
        return found

    model = Inferencer(config, checkpoint, 'cpu', detector=my_detector)
    with pytest.raises(ValueError, match='the detector my_detector gave .* expected boxes'):
        list(model(people.path(0)))
