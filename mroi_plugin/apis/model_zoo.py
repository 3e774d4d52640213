"""Trained models by the names of their configs: those of the package, and those trained here."""

from __future__ import annotations

import os
from pathlib import Path

from mroi_plugin.engine.resume import last_checkpoint
from mroi_plugin.utils.config_files import config_name

MODELS = Path(__file__).resolve().parents[1] / 'assets' / 'models'
DEFAULT_MODEL = 'mroi_open'
TRAINED_HERE = ('work_dirs/{}', 'work_dirs/{}_cached', 'work_dirs/quickstart/{}')
"""Where ``mroi train`` and ``make train`` leave the checkpoints of a config."""


def list_models() -> list[str]:
    """Names of the configs whose trained weights are in the package, sorted."""
    return sorted(path.stem for path in MODELS.glob('*_open.safetensors'))


def find_weights(config: str) -> str:
    """Path of the weights of a config: those in the package, or else the newest of the last
    checkpoints that trainings have left in the folders of `TRAINED_HERE`.

    Args:
        config: path or name of a config.

    Raises:
        FileNotFoundError: if there are none, naming the configs that have weights.
    """
    name = config_name(config)
    if name in list_models():
        return str(MODELS / f'{name}.safetensors')
    folders = [pattern.format(name) for pattern in TRAINED_HERE]
    found = [path for path in map(last_checkpoint, folders) if path is not None]
    if found:
        return max(found, key=os.path.getmtime)
    raise FileNotFoundError(
        f'{config}: no trained weights come with this config'
        f'{"".join(f", but with {name}" for name in list_models())}, and none are in '
        f'{" or ".join(folders)}. Give a checkpoint of it (--checkpoint), or run make train or '
        'mroi train.'
    )
