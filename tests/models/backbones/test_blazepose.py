"""BlazePose in torch: the numbers of LiteRT, its features, and training a part of it."""

from __future__ import annotations

import hashlib
import re

import blazepose_reference
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from versions import needs_torch_2

from mroi_plugin.deploy.onnx.graph import write_graph
from mroi_plugin.models.backbones.blazepose import (
    ASSETS,
    LANDMARK_UNIT,
    WORLD_UNIT_M,
    BlazePose,
    load_network,
)
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.config_files import find_config
from mroi_plugin.utils.required_files import MissingFilesError

TOLERANCE = {'landmarks': 1e-5, 'world': 1e-5, 'heatmap': 1e-5, 'presence': 1e-4, 'mask': 1e-3}
"""In parts of an output's range; LiteRT with and without XNNPACK differ alike."""


@pytest.fixture(scope='module')
def crops():
    return torch.from_numpy(blazepose_reference.crops()).permute(0, 3, 1, 2)


@pytest.fixture(scope='module')
def backbone():
    return BlazePose().eval()


@pytest.mark.parametrize('variant', ['lite', 'full'])
def test_the_same_numbers_as_litert(variant, crops):
    reference = np.load(blazepose_reference.FILE)
    network = load_network(ASSETS / f'blazepose_{variant}.safetensors', list(TOLERANCE))
    with torch.no_grad():
        outputs = network([crops])
    for (name, tolerance), value in zip(TOLERANCE.items(), outputs):
        found = blazepose_reference.thinned(name, value.permute(0, 2, 3, 1).numpy())
        expected = reference[f'{variant}_{name}']
        error = np.abs(found.reshape(expected.shape) - expected).max()
        assert error < tolerance * reference[f'{variant}_{name}_range'], name


@pytest.mark.parametrize('variant', ['lite', 'full', 'full_synthetic'])
def test_the_files_are_those_that_the_readme_names(variant):
    name = f'blazepose_{variant}.safetensors'
    text = (ASSETS.parent / 'README.md').read_text(encoding='utf-8')
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()
    assert re.search(rf'`{re.escape(name)}` \| [\d.]+ \| `{digest}`', text)


def test_the_trained_variant_has_the_stem_of_the_published_one(crops):
    """Maps of the one may be kept for the other; what follows differs."""
    with torch.no_grad():
        published, trained = (
            BlazePose(variant, split=32).eval() for variant in ('full', 'full_synthetic')
        )
        assert all(map(torch.equal, published.stem(crops), trained.stem(crops)))
        assert published.stem_digest() == trained.stem_digest()
        assert published.stem_digest() != BlazePose('full', split=16).stem_digest()
        difference = (published(crops) - trained(crops)).abs()
    assert difference[:, -312:].max() > 0.2 and difference.isfinite().all()


def test_landmarks_are_in_sides_of_the_crop(backbone, crops):
    names = ['landmarks', 'world']
    network = load_network(ASSETS / 'blazepose_full.safetensors', names)
    with torch.no_grad():
        feature = backbone(crops)[:, -312:]
        landmarks, world = (x.flatten(1) for x in network([crops]))
    landmarks = landmarks.unflatten(1, (39, 5))
    found = feature[:, :195].unflatten(1, (39, 5))
    pixels = 256 * (LANDMARK_UNIT * found[..., :3] + torch.tensor([0.5, 0.5, 0.0]))
    torch.testing.assert_close(pixels, landmarks[..., :3], rtol=0, atol=1e-2)
    torch.testing.assert_close(found[..., 3:], landmarks[..., 3:].sigmoid())
    torch.testing.assert_close(feature[:, 195:] * WORLD_UNIT_M, world)


def test_features_see_where_the_body_is(backbone, crops):
    """The body 40 px further to the right: so are the landmarks of its head."""
    moved = F.pad(crops, (40, 0, 0, 0), mode='replicate')[..., :256]
    with torch.no_grad():
        before, after = (backbone(x[:1])[0, -312:-117].view(39, 5) for x in (crops, moved))
    shift = 256 * LANDMARK_UNIT * (after - before)[:11, :2]
    assert (shift - torch.tensor([40.0, 0.0])).abs().max() < 8


@pytest.mark.parametrize(
    ('variant', 'features', 'channels'),
    [
        ('lite', ('middle', 'landmarks'), 4 * 96 + 312),
        ('full', ('middle', 'landmarks'), 4 * 144 + 312),
        ('full', ('landmarks', 'map'), 312 + 4 * 288),
        ('full', ('map',), 4 * 288),
    ],
)
def test_width(variant, features, channels, crops):
    backbone = BlazePose(variant, features)
    assert backbone.out_channels == channels
    assert backbone(crops).shape == (2, channels)


@pytest.mark.parametrize(('split', 'numbers', 'weights'), [
    (16, 16384, 3.0e6), (8, 9216, 2.5e6), (4, 4608, 1.2e6), (2, 1152, 0.8e6),
])  # fmt: skip
def test_stem_and_rest(split, numbers, weights, crops):
    """What is documented of them, and that both together are the network."""
    features = ('middle', 'landmarks') if split >= 8 else ('landmarks',)
    backbone = BlazePose(features=features, split=split, trainable='rest')
    middle = backbone.stem(crops)
    assert sum(x[0].numel() for x in middle) == numbers
    trained = sum(p.numel() for p in backbone.parameters() if p.requires_grad)
    assert trained == pytest.approx(weights, rel=0.05)
    assert backbone.rest(middle).equal(backbone(crops))
    assert backbone(crops).equal(BlazePose(features=features)(crops))


@pytest.mark.parametrize('trainable', ['none', 'rest', 'all'])
def test_what_is_trained(trainable, crops):
    backbone = BlazePose(trainable=trainable)
    steps = [str(i) for i in backbone.network.steps]
    stem, rest = set(steps[: backbone.cut]), set(steps[backbone.cut :])
    wanted = {'none': set(), 'rest': rest, 'all': stem | rest}[trainable]
    feature = backbone(crops)
    assert feature.requires_grad == (trainable != 'none')
    if feature.requires_grad:
        feature.square().sum().backward()
    for index, conv in backbone.network.convs.items():
        depthwise = trainable == 'rest' and conv.groups > 1
        assert (conv.weight.grad is not None) == (index in wanted and not depthwise), index
        assert (conv.bias.grad is not None) == (index in wanted), index


def test_batch_norm_changes_nothing_at_first_and_folds_after_training(crops):
    plain, normed = BlazePose('lite').eval(), BlazePose('lite', trainable='rest', batch_norm=True)
    with torch.no_grad():
        expected = plain(crops)
        torch.testing.assert_close(normed.eval()(crops), expected, rtol=0, atol=1e-3)
        torch.testing.assert_close(normed.train()(crops), expected, rtol=0, atol=1e-3)
    optimizer = torch.optim.AdamW([p for p in normed.parameters() if p.requires_grad], 1e-3)
    for _ in range(3):
        optimizer.zero_grad()
        normed(crops).square().mean().backward()
        optimizer.step()
    before = normed.state_dict()
    plain.load_state_dict(before)
    with torch.no_grad():
        trained = normed.eval()(crops)
        assert (trained - expected).abs().max() > 1e-2
        torch.testing.assert_close(plain(crops), trained, rtol=1e-4, atol=1e-4)
    assert all(normed.state_dict()[name].equal(before[name]) for name in before)
    assert any('norm.weight' in name for name in before)


def test_landmarks_are_not_rounded_under_autocast(backbone, crops):
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        points, world = backbone.landmarks(backbone(crops))
    assert points.dtype == world.dtype == torch.float32
    assert not torch.equal(points, points.bfloat16().float())


def test_landmarks_from_features(backbone, crops):
    with torch.no_grad():
        feature = backbone(crops)
    points, world = backbone.landmarks(feature)
    assert points.shape == world.shape == (2, 39, 3)
    flat = feature[:, -312:]
    assert points[1, 7].equal(LANDMARK_UNIT * flat[1, 35:38])
    assert world[1, 7].equal(WORLD_UNIT_M * flat[1, 195 + 21 : 195 + 24])
    with pytest.raises(ValueError, match='landmarks'):
        BlazePose('lite', ('landmarks', 'map')).landmarks(feature)


def test_crops_of_another_size_are_resized(backbone, crops):
    small = F.interpolate(crops, (128, 128), mode='bilinear', align_corners=False)
    large = F.interpolate(small, (256, 256), mode='bilinear', align_corners=False)
    with torch.no_grad():
        assert backbone(small).equal(backbone(large))


@pytest.mark.parametrize('high', [True, False])
def test_crops_that_are_no_squares_keep_their_aspect(backbone, crops, high):
    """Landmarks are in sides of the RoI, whose longer side of the crop it is."""
    black = crops.clone() if high else crops.transpose(2, 3).clone()
    black[..., :32], black[..., -32:] = 0, 0
    cut = black[..., 32:-32]
    if not high:
        black, cut = (x.transpose(2, 3) for x in (black, cut))
    assert cut.shape[-2:] == ((256, 192) if high else (192, 256))
    with torch.no_grad():
        assert backbone(cut).equal(backbone(black))


def test_onnx_takes_any_number_of_crops(backbone, crops, tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    write_graph(backbone, (crops[:1],), ('crops',), tmp_path / 'blazepose.onnx')
    path = str(tmp_path / 'blazepose.onnx')
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {'crops': crops.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(found), backbone(crops), rtol=0, atol=1e-3)


@needs_torch_2
def test_one_graph_when_compiled(crops):
    torch._dynamo.reset()
    explained = torch._dynamo.explain(BlazePose('lite', trainable='rest'))(crops)
    assert (explained.graph_count, explained.graph_break_count) == (1, 0)


def test_the_estimator_takes_a_step():
    cfg = Config.fromfile(find_config('mroi_synthetic')).model
    cfg.backbone = {'type': 'BlazePose', 'variant': 'lite', 'trainable': 'rest'}
    cfg.data_preprocessor = {'type': 'MultiRoIPreprocessor', 'mean': [0] * 3, 'std': [255] * 3}
    torch.manual_seed(0)
    model = MODELS.build(cfg).train()
    assert model.head.in_channels == model.backbone.out_channels
    images = torch.randint(256, (2, 5, 3, 128, 128), dtype=torch.uint8)
    images = model.data_preprocessor({'img': images})['img']
    assert images.min() == 0 and images.max() == 1
    rois = torch.rand(2, 5, 3) * 100 + 80
    out = model(images, mode='tensor', rois=rois, focal_length=torch.full((2,), 800.0))
    out['pred_vertices'].square().sum().backward()
    trained = [p for p in model.backbone.parameters() if p.requires_grad]
    assert trained and all(p.grad.abs().max() > 0 for p in trained if p.dim() > 1)


def test_bad_options():
    with pytest.raises(MissingFilesError, match=r'blazepose_heavy.*\n.*npm pack @mediapipe/pose'):
        BlazePose('heavy')
    for features in (('middle',), ('map', 'heatmap'), ()):
        with pytest.raises(ValueError, match='not middle alone'):
            BlazePose(features=features)
    with pytest.raises(ValueError, match="trainable='last', expected one of"):
        BlazePose(trainable='last')
    with pytest.raises(ValueError, match=r'no step has maps of 5 px alone.*2, 4, 8, 16'):
        BlazePose(split=5)
    with pytest.raises(ValueError, match="split=4 is after what the feature 'middle' is of"):
        BlazePose(split=4)
