"""Many texts as one array of bytes, which can be mapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mroi_plugin.datasets.annotation_columns import chunks_of, file_names, refuse


class Texts(Sequence[str]):
    """Texts kept as an array.

    Args:
        encoded: (N) texts, or bytes in UTF-8.
    """

    def __init__(self, encoded: np.ndarray) -> None:
        self.encoded = encoded

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, index: Any) -> Any:
        found = self.encoded[index]
        return [_text(one) for one in found] if isinstance(found, np.ndarray) else _text(found)


def _text(stored: np.str_ | np.bytes_) -> str:
    return stored.decode() if isinstance(stored, bytes) else str(stored)


def stored_names(path: str, name: str, values: Any) -> Sequence[str]:
    """`file_names`, which stay in their array where that is of texts, and may be mapped.

    Raises:
        AnnotationError: see `file_names`.
    """
    if not (isinstance(values, np.ndarray) and values.dtype.kind == 'U' and values.size):
        return file_names(path, name, values)
    texts = values.reshape(-1)
    empty = np.flatnonzero(texts == '')
    if len(empty):
        refuse(path, f'{name} of sample {empty[0]}', "is ''", 'the name of a file')
    return Texts(texts)


def longest(texts: Sequence[str]) -> int:
    """Bytes of the longest text in UTF-8."""
    return max(len(text.encode()) for part in chunks_of(len(texts)) for text in texts[part])


def encoded(texts: Sequence[str], size: int) -> np.ndarray:
    """Texts as UTF-8 bytes (N), each in ``size`` of them."""
    return np.array([text.encode() for text in texts], f'S{size}')
