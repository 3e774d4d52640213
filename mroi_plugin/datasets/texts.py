"""Many texts as one array of bytes, which can be mapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mroi_plugin.datasets.annotation_columns import CHUNK


class Texts(Sequence[str]):
    """Texts kept as an array of UTF-8 bytes of one length.

    Args:
        encoded: (N) bytes.
    """

    def __init__(self, encoded: np.ndarray) -> None:
        self.encoded = encoded

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, index: Any) -> Any:
        found = self.encoded[index]
        return found.decode() if isinstance(found, bytes) else [text.decode() for text in found]


def encode_texts(texts: Sequence[str]) -> Iterator[np.ndarray]:
    """Texts as UTF-8 bytes of one length, `CHUNK` at a time."""
    longest = max(len(text.encode()) for text in texts)
    for start in range(0, len(texts), CHUNK):
        yield np.array([text.encode() for text in texts[start : start + CHUNK]], f'S{longest}')
