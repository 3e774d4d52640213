"""Trained models that come with the package, by the names of their configs."""

from __future__ import annotations

from pathlib import Path

from mroi_plugin.utils.config_files import config_name

MODELS = Path(__file__).resolve().parents[1] / 'assets' / 'models'
DEFAULT_MODEL = 'mroi_open'


def list_models() -> list[str]:
    """Names of the configs whose trained weights are in the package, sorted."""
    return sorted(path.stem for path in MODELS.glob('*_open.safetensors'))


def find_weights(config: str) -> str:
    """Path of the weights that come with a config.

    Args:
        config: path or name of a config.

    Raises:
        FileNotFoundError: naming the configs that have weights.
    """
    path = MODELS / f'{config_name(config)}.safetensors'
    if path.stem not in list_models():
        raise FileNotFoundError(
            f'{config}: no trained weights come with this config'
            f'{"".join(f", but with {name}" for name in list_models())}. Give a checkpoint of it '
            '(--checkpoint), from mroi train or make train.'
        )
    return str(path)
