"""Arrays and JSON of a binary glTF 2.0 file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

COMPONENTS = {np.uint8: 5121, np.uint16: 5123, np.float32: 5126}
KINDS = {(): 'SCALAR', (2,): 'VEC2', (3,): 'VEC3', (4,): 'VEC4', (4, 4): 'MAT4'}
VERTICES, INDICES = 34962, 34963
"""Targets of views."""


class GltfBuffer:
    """The one buffer of a file, and the accessors of what is in it."""

    def __init__(self) -> None:
        self.accessors: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.data = bytearray()

    def add(self, array: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """Number of the accessor of a new array (n, ...) of a type of `COMPONENTS`.

        Args:
            array: rows of a shape of `KINDS`; matrices in columns, as glTF has them.
            target: `VERTICES`, `INDICES`, or None for what is neither.
            bounds: state the least and largest values.
        """
        view: dict[str, Any] = {
            'buffer': 0,
            'byteOffset': len(self.data),
            'byteLength': array.nbytes,
        }
        if target is not None:
            view['target'] = target
        accessor: dict[str, Any] = {
            'bufferView': len(self.views),
            'componentType': COMPONENTS[array.dtype.type],
            'count': len(array),
            'type': KINDS[array.shape[1:]],
        }
        if bounds:
            rows = array.reshape(len(array), -1)
            accessor.update(min=rows.min(0).tolist(), max=rows.max(0).tolist())
        self.data += array.tobytes() + bytes(-array.nbytes % 4)
        self.views.append(view)
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def file(self, content: dict[str, Any]) -> bytes:
        """A ``.glb`` of the buffer and the rest of the JSON."""
        content = {
            **content,
            'accessors': self.accessors,
            'bufferViews': self.views,
            'buffers': [{'byteLength': len(self.data)}],
        }
        text = json.dumps(content, allow_nan=False, separators=(',', ':')).encode()
        text += b' ' * (-len(text) % 4)
        chunks = _chunk(b'JSON', text) + _chunk(b'BIN\0', bytes(self.data))
        return b'glTF' + _size(2) + _size(12 + len(chunks)) + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return _size(len(data)) + kind + data


def _size(number: int) -> bytes:
    return number.to_bytes(4, 'little')
