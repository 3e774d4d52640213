"""Backbones of timm under the same head."""

from __future__ import annotations

import sys

import pytest
import torch

from mroi_plugin.models.backbones.features import count_channels, pool_features
from mroi_plugin.models.backbones.timm_backbone import TimmBackbone

SWIN = {'img_size': (64, 64), 'window_size': 2}
VIT = {'img_size': (64, 64), 'depth': 2}


@pytest.fixture
def timm():
    """Not in the environment of ``make install``: timm needs a torchvision that fits torch."""
    return pytest.importorskip('timm', exc_type=ImportError)


@pytest.mark.parametrize(
    ('name', 'options', 'channels', 'stride'),
    [
        ('resnet18', {}, 512, 32),
        ('convnext_atto', {}, 320, 32),
        ('vit_tiny_patch16_224', VIT, 192, 16),
        ('swin_tiny_patch4_window7_224', SWIN, 768, 32),
    ],
)
def test_the_last_map_channels_first(timm, name, options, channels, stride):
    torch.manual_seed(0)
    backbone = TimmBackbone(name, options=options).eval()
    with torch.no_grad():
        features = backbone(torch.randn(2, 3, 64, 64))
    assert features.shape == (2, channels, 64 // stride, 64 // stride)
    assert count_channels(backbone) == pool_features(features).shape[1] == channels


@pytest.mark.parametrize(
    ('name', 'options'),
    [('resnet18', {}), ('convnext_atto', {}), ('vit_tiny_patch16_224', VIT)],
)
@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_weights_of_a_saved_model(timm, name, options, suffix, tmp_path):
    """The map is that of the whole model before it pools."""
    torch.manual_seed(1)
    whole = timm.create_model(name, num_classes=7, **options).eval()
    path = tmp_path / f'whole{suffix}'
    if suffix == '.pth':
        torch.save({'state_dict': whole.state_dict()}, path)
    else:
        from safetensors.torch import save_file

        save_file(whole.state_dict(), path)
    backbone = TimmBackbone(name, checkpoint=path, options=options).eval()
    crops = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = whole.forward_intermediates(crops, indices=1, intermediates_only=True)[-1]
        torch.testing.assert_close(backbone(crops), expected)


def test_a_checkpoint_of_another_model(timm, tmp_path):
    torch.save(timm.create_model('resnet10t').state_dict(), tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=r'entries of resnet18 are not there.*create_model'):
        TimmBackbone('resnet18', checkpoint=tmp_path / 'other.pth')
    with pytest.raises(FileNotFoundError, match='no such file'):
        TimmBackbone('resnet18', checkpoint=tmp_path / 'none.pth')


def test_two_sources_of_weights():
    with pytest.raises(ValueError, match='not both'):
        TimmBackbone('resnet18', pretrained=True, checkpoint='resnet18.pth')


def test_without_timm(monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    with pytest.raises(ImportError, match=r'mroi_plugin\[timm\].*torchvision'):
        TimmBackbone('resnet18')
