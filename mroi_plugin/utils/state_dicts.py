"""State dicts in files of every kind, by the names that the model itself gives its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mroi_plugin.utils.torch_files import read_torch

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ('state_dict', 'model', 'network', 'model_state_dict')
"""Entries under which training scripts keep the state dict."""
PREFIXES = ('module.', 'model.')
"""What wrappers put before every name: data-parallel training, Lightning-style modules."""
COMPILED = '_orig_mod.'
"""What ``torch.compile`` puts before the names of a module."""


def read_content(file: Any) -> Any:
    """Content of a file of torch or safetensors, on the CPU; nothing in it is executed.

    Args:
        file: its path, or for torch the open file.

    Raises:
        UnsafeFileError: see `read_torch`.
    """
    if str(file).endswith('.safetensors'):
        from safetensors.torch import load_file

        return load_file(file)
    return read_torch(file)


def unwrap_state_dict(content: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint with its state dict as ``state_dict``, under whichever of `WRAPPERS` it is."""
    wrapper = next((name for name in WRAPPERS if isinstance(content.get(name), dict)), None)
    if wrapper is None and 'state_dict' not in content:
        return {'state_dict': content}
    return (
        content if wrapper in (None, 'state_dict') else {**content, 'state_dict': content[wrapper]}
    )


def plain_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict without what wrappers and ``torch.compile`` add to its names.

    Raises:
        ValueError: if two names come to be equal, or one is no text.
    """
    if not all(isinstance(name, str) for name in state):
        raise ValueError('state_dict has names that are no texts.')
    plain: dict[str, Tensor] = {}
    for name, value in state.items():
        short = name.replace(COMPILED, '')
        if short in plain:
            raise ValueError(f'state_dict holds {short} twice, with and without {COMPILED}.')
        plain[short] = value
    while True:
        prefix = next((p for p in PREFIXES if all(n.startswith(p) for n in plain)), None)
        if prefix is None or not plain:
            return plain
        plain = {name[len(prefix) :]: value for name, value in plain.items()}
