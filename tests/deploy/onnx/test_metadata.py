"""A stranger has an ONNX file and an image: the metadata alone lead to the plugin's own bodies."""

from __future__ import annotations

import json
import re
import shutil

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from drawn_weights import save_weights
from PIL import Image
from skimage import data

from mroi_plugin.apis.inferencer import Inferencer
from mroi_plugin.deploy.onnx.export import ExportOptions, export
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.version import __version__

BOXES = np.array([[120, 10, 230, 400], [300, 250, 150, 200], [-184, 200, 190, 250]], np.float64)
"""Of the image, 512x450; the last is nearly outside."""
SHARED = ('model.encoder.type=SharedMapEncoder', 'test_dataloader.dataset.pipeline.crop.shared=1.5')
HALF = ('model.encoder.type=SizedCropEncoder', 'model.encoder.scales=[1.0,0.5,0.5,0.5,0.5]')
MODELS = {
    'mroi_synthetic': ('mroi_synthetic', ()),
    'cliff_synthetic': ('cliff_synthetic', ()),
    'mroi_open': ('mroi_open', ('model.align_camera=True',)),
    'mroi_synthetic, shared map': ('mroi_synthetic', SHARED),
    'mroi_open, shared map': ('mroi_open', SHARED),
    'mroi_synthetic, half size': ('mroi_synthetic', HALF),
}
FOCAL = 800.0


class Stranger:
    """Reads what a file says of itself, and knows numpy, OpenCV and onnxruntime."""

    def __init__(self, path) -> None:
        props = {p.key: p.value for p in onnx.load(str(path)).metadata_props}
        self.texts = props
        self.h, self.w = self.value('crop_size_hw')
        self.cut_h, self.cut_w = self.value(
            'shared_crop_size_hw' if 'shared_crop_size_hw' in props else 'crop_size_hw'
        )
        self.session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])

    def value(self, name):
        return json.loads(self.texts[name])

    def rois(self, box, size):
        """Centers (M, 2) and sides (M) px, as box_rule, roi_rule and reach_rule say."""
        crop = np.array([self.w, self.h])
        b = (self.value('box_padding') * box[2:] * crop.max() / crop).max()
        sides = np.array(self.value('roi_scales')) * b
        centers = box[:2] + box[2:] / 2 + np.array(self.value('roi_shifts')) * b
        for m in range(len(sides)):
            half = sides[m] * crop / crop.max() / 2
            nearest = np.clip(centers[m], 0, size - 1)
            for step in self.value('reach_steps'):
                moved = centers[m] + step * (nearest - centers[m])
                seen = np.minimum(moved + 0.5 + half, size) - np.maximum(moved + 0.5 - half, 0)
                if np.prod(np.maximum(seen, 0) / (2 * half)) >= self.value('min_shown_share'):
                    break
            centers[m] = moved
        return centers, sides

    def crop(self, image, center, side):
        """(3, h, w) uint8, as crop_rule and interpolation say."""
        size = self.cut_w, self.cut_h
        gain = max(size) / side
        shift = (np.array(size) - 1) / 2 - gain * center
        affine = np.array([[gain, 0, shift[0]], [0, gain, shift[1]]])
        return cv2.warpAffine(image, affine, size).transpose(2, 0, 1)

    def enclosing(self, centers, sides):
        """Center (2) and side px of what shows all RoIs, as shared_rule says."""
        shape = np.array([self.w, self.h]) / max(self.w, self.h)
        half = sides[:, None] * shape / 2
        low, high = (centers - half).min(0), (centers + half).max(0)
        return (low + high) / 2, ((high - low) / shape).max()

    def __call__(self, image, boxes, focal):
        size = np.array(image.shape[1::-1], np.float64)
        if 'image' in self.value('inputs'):
            given = {'image': image, 'boxes': boxes.astype(np.float32)}
            given['focal_length'] = np.array(focal, np.float32)
        else:
            places = [self.rois(box, size) for box in boxes]
            shown = [[*zip(*place)] for place in places]
            shared = {}
            if 'shared_roi' in self.value('inputs'):
                shown = [[self.enclosing(*place)] for place in places]
                whole = [[*(c - size / 2), s] for ((c, s),) in shown]
                shared = {'shared_roi': np.array(whole, np.float32)}
            given = {
                **shared,
                'crops': np.array([[self.crop(image, *r) for r in rois] for rois in shown]),
                'rois': np.array([np.c_[c - size / 2, s] for c, s in places], np.float32),
                'focal_length': np.full(len(boxes), focal, np.float32),
            }
        names = [*self.value('outputs')]
        return given, dict(zip(names, self.session.run(names, given)))


@pytest.fixture(scope='module')
def image(tmp_path_factory):
    """An image file without loss: of large JPEGs, the plugin decodes the frequencies it needs."""
    path = tmp_path_factory.mktemp('image') / 'astronaut.png'
    Image.fromarray(data.astronaut()[:450]).save(path)
    return str(path)


@pytest.fixture(scope='module', params=MODELS)
def trained(request, tmp_path_factory):
    """Name, options and weights of a model, and the folder that they are in."""
    folder, (name, options) = tmp_path_factory.mktemp('model'), MODELS[request.param]
    torch.manual_seed(0)
    model = build_model(load_config(name, 'unused', options=options).model)
    return name, options, save_weights(model, folder / 'm.pth'), folder


@pytest.fixture(scope='module')
def result(trained, image):
    config, options, weights, _ = trained
    model = Inferencer(config, weights, 'cpu', options=options)
    (found,) = model(image, boxes=BOXES, focal_length=FOCAL)
    assert len(found.instances) == len(BOXES)
    return found


@pytest.mark.parametrize('from_image', [False, True], ids=['crops', 'image'])
def test_the_bodies_of_the_plugin_to_a_millimeter(trained, result, image, from_image):
    config, options, weights, folder = trained
    out = folder / f'{from_image}.onnx'
    export(config, weights, str(out), ExportOptions(True, from_image), options)
    pixels = np.asarray(Image.open(image))
    stranger = Stranger(out)
    given, found = stranger(pixels, BOXES, FOCAL)
    rois = found.get('rois', given.get('rois'))
    moved = False
    for n, instance in enumerate(result.instances):
        np.testing.assert_allclose(rois[n], instance.rois, atol=0.01)
        ours = instance.vertices + instance.trans
        theirs = found['pred_vertices'][n] + found['pred_transl'][n][None]
        assert np.linalg.norm(theirs - ours, axis=1).max() < 1e-3
        # in meters: a tenth of a millimeter a meter, and a micrometer where x or y is next to 0
        np.testing.assert_allclose(
            found['pred_cam_full'][n], instance.full_cameras, rtol=1e-4, atol=1e-6
        )
        shift = np.array(stranger.value('roi_shifts')) * instance.rois[0, 2]
        straight = BOXES[n, :2] + BOXES[n, 2:] / 2 + shift - np.array(pixels.shape[1::-1]) / 2
        moved |= bool(np.abs(straight - instance.rois[:, :2]).max() > 1)
    assert moved or config == 'cliff_synthetic'


def test_all_that_is_needed_is_told(trained, tmp_path):
    config, options, weights, _ = trained
    out = tmp_path / 'm.onnx'
    export(config, weights, str(out), ExportOptions(body=True, from_image=True), options)
    session = onnxruntime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
    stranger = Stranger(out)
    assert [*stranger.value('inputs')] == [x.name for x in session.get_inputs()]
    assert [*stranger.value('outputs')] == [x.name for x in session.get_outputs()]
    texts = stranger.texts
    assert texts['mroi_plugin'] == __version__ and texts['config'] == config
    assert texts['color_order'] == 'RGB' and len(stranger.value('pixel_std')) == 3
    assert texts['default_focal_length'] == 'sqrt(W^2 + H^2) px'
    landmarks = 'by landmarks' in stranger.value('outputs')['pred_transl']
    assert landmarks == (config == 'mroi_open')


def test_images_of_any_size_and_any_number_of_boxes(trained, image, tmp_path):
    config, options, weights, folder = trained
    out = folder / 'sizes.onnx'
    export(config, weights, str(out), ExportOptions(True, True), options)
    pixels = np.asarray(Image.open(image))[:90, :130]
    Image.fromarray(pixels).save(tmp_path / 'small.png')
    boxes = np.array([[20, 10, 60, 70]], np.float64)
    model = Inferencer(config, weights, 'cpu', options=options)
    (found,) = model(str(tmp_path / 'small.png'), boxes=boxes, focal_length=200)
    _, told = Stranger(out)(pixels, boxes, 200)
    (one,) = found.instances
    theirs = told['pred_vertices'][0] + told['pred_transl'][0]
    np.testing.assert_allclose(theirs, one.vertices + one.trans, atol=1e-3)


def test_the_page_explains_every_entry(trained, tmp_path, repo):
    config, options, weights, _ = trained
    out = tmp_path / 'm.onnx'
    export(config, weights, str(out), options=options)
    page = (repo / 'docs' / 'onnx.md').read_text()
    assert not [name for name in Stranger(out).texts if f'`{name}`' not in page]


def test_the_example_of_the_page(trained, image, tmp_path, monkeypatch, repo):
    """Run as it is written."""
    config, options, weights, _ = trained
    if options == SHARED:
        pytest.skip('the example is of a crop for each RoI')
    monkeypatch.chdir(tmp_path)
    export(config, weights, 'X.onnx', options=options)
    shutil.copy(image, 'image.png')
    (code,) = re.findall(r'```python\n(.*?)```', (repo / 'docs' / 'onnx.md').read_text(), re.S)
    told = {}
    exec(code, told)
    model = Inferencer(config, weights, 'cpu', options=options)
    (found,) = model('image.png', boxes=BOXES[:1])
    np.testing.assert_allclose(told['pose'][0], found.instances[0].pose, atol=1e-4)
    np.testing.assert_allclose(told['betas'][0], found.instances[0].betas, atol=1e-4)
