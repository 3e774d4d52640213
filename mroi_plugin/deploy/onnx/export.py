"""Writing the ONNX file."""

from __future__ import annotations

import os
import os.path as osp
from pathlib import Path

import torch
from torch import Tensor

from mroi_plugin.deploy.onnx.compare import Comparison, compare_encoding, compare_model
from mroi_plugin.deploy.onnx.graph import write_graph
from mroi_plugin.deploy.onnx.wrapped_model import INPUTS, WrappedModel
from mroi_plugin.engine.model_builder import load_model
from mroi_plugin.models.estimators.multi_roi_estimator import MultiRoIEstimator
from mroi_plugin.utils.atomic_files import atomic_file
from mroi_plugin.version import __version__

TRACED_PERSONS = 2
"""A batch of one would be traced as one for ever where shapes are compared."""


def require_onnx() -> None:
    """Check that what the export needs is installed.

    Raises:
        ImportError: saying what to install.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"mroi export needs onnx and onnxruntime ({error}): pip install 'mroi_plugin[onnx]'."
        ) from error


def export(
    config: str, checkpoint: str, out: str, body: bool = False, options: tuple[str, ...] = ()
) -> list[Comparison]:
    """Write a trained network as an ONNX file and compare it with torch.

    The file takes any number of persons; M and the size of the crops are the config's. Its metadata
    say both, the config, and the version of this package. It appears when all comparisons hold.

    Args:
        config: of a `MultiRoIEstimator`.
        checkpoint: of that config.
        out: the ``.onnx`` file.
        body: with the body model: vertices and joints.
        options: ``KEY=VALUE`` overrides of the config.

    Returns:
        How far the file is from torch.

    Raises:
        ImportError: if onnx or onnxruntime is not installed.
        ValueError: if the config is of another method, its encoding naive, ``out`` is no ``.onnx``,
            or the file differs from torch by more than it may.
        CheckpointMismatchError: if the checkpoint is of another network.
    """
    require_onnx()
    _check_target(out)
    model, cfg = load_model(config, checkpoint, options, method=MultiRoIEstimator.__name__)
    _check_encoding(config, model)
    wrapped = WrappedModel(model, body).eval()
    crop_size = tuple(cfg.test_dataloader.dataset.pipeline['crop'].crop_size)
    with atomic_file(out) as part, torch.no_grad():
        write_graph(wrapped, example(wrapped, TRACED_PERSONS, crop_size), INPUTS, part)
        _describe(part, config, checkpoint, wrapped, crop_size)
        found = [
            *compare_model(wrapped, str(part), lambda n: example(wrapped, n, crop_size)),
            compare_encoding(wrapped, Path(out).parent, lambda n: example(wrapped, n, crop_size)),
        ]
        wrong = [item for item in found if not item.holds]
        if wrong:
            raise ValueError(
                f'{out} was not written: with onnxruntime it differs from torch: '
                + '; '.join(f'{i.what} by {i.error:.3g} {i.unit}, at most {i.limit}' for i in wrong)
            )
    return found


def _check_encoding(config: str, model: MultiRoIEstimator) -> None:
    if model.head.fusion.relation.encoding.kind == 'naive':
        raise ValueError(
            f"{config}: model.head.fusion.encoding='naive' is rounding noise at high frequencies, "
            'and onnxruntime rounds differently: export with --cfg-options '
            'model.head.fusion.encoding=exact, which moves the fusion weights by about 0.005.'
        )


def _check_target(out: str) -> None:
    folder = osp.dirname(out) or '.'
    if not out.endswith('.onnx'):
        raise ValueError(f'{out}: the file to write must end in .onnx.')
    if not osp.isdir(folder) or not os.access(folder, os.W_OK):
        raise ValueError(f'{out}: {folder} is no folder that can be written to.')


def example(wrapped: WrappedModel, persons: int, crop_size: tuple[int, int]) -> tuple[Tensor, ...]:
    """Plausible inputs: crops of noise, RoIs of an image, different focal lengths."""
    rois = wrapped.model.head.num_rois
    generator = torch.Generator().manual_seed(persons)
    crops = torch.randint(
        0, 256, (persons, rois, 3, crop_size[1], crop_size[0]), generator=generator
    )
    centers = torch.rand(persons, rois, 2, generator=generator) * 400 - 200
    sides = torch.rand(persons, rois, 1, generator=generator) * 300 + 100
    focal = torch.rand(persons, generator=generator) * 1000 + 600
    return crops.to(torch.uint8), torch.cat([centers, sides], -1), focal


def _describe(
    path: Path, config: str, checkpoint: str, wrapped: WrappedModel, crop_size: tuple[int, int]
) -> None:
    import onnx

    model = onnx.load(str(path))
    told = {
        'config': osp.basename(config),
        'checkpoint': osp.basename(checkpoint),
        'mroi_plugin': __version__,
        'num_rois': wrapped.model.head.num_rois,
        'crop_size': f'{crop_size[0]}x{crop_size[1]}',
        'crops': 'uint8 RGB; normalized inside',
    }
    onnx.helper.set_model_props(model, {key: str(value) for key, value in told.items()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
