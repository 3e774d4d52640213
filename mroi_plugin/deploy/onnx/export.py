"""Writing the ONNX file."""

from __future__ import annotations

import os.path as osp
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.deploy.onnx.compare import (
    PERSONS,
    Comparison,
    compare_encoding,
    compare_model,
    named_arrays,
)
from mroi_plugin.deploy.onnx.graph import OPSET, OPSETS, write_graph
from mroi_plugin.deploy.onnx.image_model import ImageModel
from mroi_plugin.deploy.onnx.metadata import add_metadata, metadata
from mroi_plugin.deploy.onnx.precision import PRECISIONS, WRITERS, precision_errors
from mroi_plugin.deploy.onnx.wrapped_model import WrappedModel
from mroi_plugin.engine.model_builder import load_model, plugin_scope, read_config_of
from mroi_plugin.models.estimators.multi_roi_estimator import MultiRoIEstimator
from mroi_plugin.registry import TRANSFORMS
from mroi_plugin.utils.atomic_files import atomic_file
from mroi_plugin.utils.output_paths import check_file

TRACED_PERSONS = 2
"""A batch of one would be traced as one for ever where shapes are compared."""


@dataclass(frozen=True)
class ExportOptions:
    """What file is written.

    Args:
        body: with the body model: vertices, joints and translation.
        from_image: from an image and boxes, cutting the crops inside, and not from crops.
        opset: version of the standard operators.
        precision: one of `PRECISIONS`; of less than 32 bits see `write_half` and `write_int8`.

    Raises:
        ValueError: if the precision or the opset is unknown.
    """

    body: bool = False
    from_image: bool = False
    opset: int = OPSET
    precision: str = 'fp32'

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(
                f'precision={self.precision!r}: expected one of {", ".join(PRECISIONS)}.'
            )
        if self.opset not in OPSETS:
            raise ValueError(f'opset={self.opset}: expected {OPSETS[0]} to {OPSETS[-1]}.')


@dataclass(frozen=True)
class ExportReport:
    """How far a file is from what it was made of.

    Attributes:
        options: of the export.
        size_mib: of the file.
        against_torch: differences of the 32-bit file from torch.
        against_fp32: see `precision_errors`; empty for 32 bits.
    """

    options: ExportOptions
    size_mib: float
    against_torch: list[Comparison]
    against_fp32: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The content of its JSON file."""
        return asdict(self)


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
    config: str,
    checkpoint: str,
    out: str,
    chosen: ExportOptions | None = None,
    options: tuple[str, ...] = (),
) -> ExportReport:
    """Write a trained network as an ONNX file and compare it with torch.

    The file takes any number of persons; M and the size of the crops are the config's. Its metadata
    say all that is needed to use it, see `metadata`. It appears when all comparisons hold.

    Args:
        config: of a `MultiRoIEstimator`.
        checkpoint: of that config.
        out: the ``.onnx`` file.
        chosen: what file; None for the defaults.
        options: ``KEY=VALUE`` overrides of the config.

    Raises:
        ImportError: if onnx or onnxruntime is not installed.
        ValueError: if the config is of another method, its encoding naive or its crops random,
            ``out`` is no ``.onnx``, the opset is unknown, or the file differs from torch by more
            than it may.
        CheckpointMismatchError: if the checkpoint is of another network.
    """
    require_onnx()
    chosen = chosen or ExportOptions()
    _check_target(out)
    cfg = read_config_of(config, options, MultiRoIEstimator.__name__)
    model = load_model(cfg, checkpoint)
    _check_encoding(config, model)
    crop, padding = _cropping(config, cfg)
    network = WrappedModel(model, chosen.body, crop.cut_size).eval()
    module = ImageModel(network, crop, padding).eval() if chosen.from_image else network
    with atomic_file(out) as part, torch.no_grad():
        write_graph(module, module.example(TRACED_PERSONS), module.inputs, part, chosen.opset)
        found = [
            *compare_model(module, part),
            compare_encoding(network, Path(out).parent, chosen.opset),
        ]
        _refuse_differences(out, found)
        errors = _reduce(model, module, part, chosen.precision)
        told = {'config': osp.basename(config), 'checkpoint': osp.basename(checkpoint)}
        told['precision'] = chosen.precision
        add_metadata(part, metadata(network, module, crop, padding, **told))
        size = part.stat().st_size / 2**20
    return ExportReport(chosen, round(size, 2), found, errors)


def _reduce(
    model: MultiRoIEstimator, module: WrappedModel | ImageModel, part: Path, precision: str
) -> dict[str, float]:
    """Rewrite a file in fewer bits; returns how far it is then from what it was."""
    if precision not in WRITERS:
        return {}
    with tempfile.TemporaryDirectory(dir=part.parent) as temporary:
        reference = Path(temporary) / 'fp32.onnx'
        shutil.copyfile(part, reference)
        WRITERS[precision](part)
        inputs = [named_arrays(module, module.example(n)) for n in PERSONS]
        return precision_errors(model, inputs, reference, part)


def _cropping(config: str, cfg: Config) -> tuple[MultiRoICrop, float]:
    """How crops are cut for inference, and the padding of boxes."""
    dataset = cfg.test_dataloader.dataset
    with plugin_scope():
        crop = TRANSFORMS.build(dict(dataset.pipeline['crop']))
    if crop.random:
        raise ValueError(
            f'{config}: test_dataloader.dataset.pipeline.crop.random=True: a file needs RoIs that '
            'are known; set it to False.'
        )
    return crop, dataset.get('box_padding', 1.2)


def _refuse_differences(out: str, found: list[Comparison]) -> None:
    wrong = [item for item in found if not item.holds]
    if wrong:
        raise ValueError(
            f'{out} was not written: with onnxruntime it differs from torch: '
            + '; '.join(f'{i.what} by {i.error:.3g} {i.unit}, at most {i.limit}' for i in wrong)
        )


def _check_encoding(config: str, model: MultiRoIEstimator) -> None:
    if model.head.fusion.relation.encoding.kind == 'naive':
        raise ValueError(
            f"{config}: model.head.fusion.encoding='naive' is rounding noise at high frequencies, "
            'and onnxruntime rounds differently: export with --cfg-options '
            'model.head.fusion.encoding=exact, which moves the fusion weights by about 0.005.'
        )


def _check_target(out: str) -> None:
    if not out.endswith('.onnx'):
        raise ValueError(f'{out}: the file to write must end in .onnx.')
    check_file(out)
