"""A trained checkpoint as a small file to pass on: weights alone, in half precision."""

from __future__ import annotations

import hashlib
from pathlib import Path

from safetensors.torch import save

from mroi_plugin.deploy.half_precision import in_half
from mroi_plugin.engine.checkpoints import check_checkpoint
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.utils.atomic_files import write_atomically
from mroi_plugin.version import __version__


def publish(config: str, checkpoint: str, out: str) -> str:
    """Write the weights of a checkpoint as float16 in a safetensors file; returns its SHA-256.

    Optimizer, schedule and training log stay behind. Metadata are the config's name, the version
    of this package and the license.

    Args:
        config: path or name of the config of the checkpoint.
        checkpoint: to read.
        out: file to write, ``.safetensors``.

    Raises:
        CheckpointMismatchError: if the checkpoint is not of this config.
        ValueError: if a weight is not finite or too large for float16, or the ending is another.
    """
    if Path(out).suffix != '.safetensors':
        raise ValueError(f'{out}: expected a name that ends with .safetensors.')
    model = build_model(load_config(config).model)
    half = in_half(check_checkpoint(model, checkpoint), checkpoint)
    about = {'config': Path(config).stem, 'mroi_plugin': __version__, 'license': 'Apache-2.0'}
    content = save(half, about)
    write_atomically(content, out)
    return hashlib.sha256(content).hexdigest()
