"""A result as JSON: the columns of the NPZ file but meshes, person by person."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mroi_plugin.structures.columns import DERIVED, PERSON, from_columns, to_columns
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.utils.atomic_files import write_text

MESH = ('vertices', 'faces')
"""What is left out: nine tenths of a file, and little use as text."""
OF_PERSONS = tuple(name for name in (*PERSON, *DERIVED, 'fusion_weights') if name not in MESH)


def write_json(result: ImageResult, stem: Path) -> Path:
    """Write ``STEM.json``; returns it. Numbers are the shortest that read back as the same
    float32."""
    path, columns = Path(f'{stem}.json'), to_columns(result)
    content = {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in columns.items()
        if name not in (*OF_PERSONS, *MESH)
    }
    known = [name for name in OF_PERSONS if name in columns]
    content['instances'] = [
        {name: _plain(columns[name][i]) for name in known} for i in range(len(result.instances))
    ]
    write_text(path, json.dumps(content, allow_nan=False) + '\n')
    return path


def _plain(value: Any) -> Any:
    """Lists of numbers that are written with no more digits than they have."""
    if value.dtype != np.float32:
        return value.tolist()
    digits = np.array([float(str(number)) for number in value.ravel()])
    return digits.reshape(value.shape).tolist()


def read_json(path: str | os.PathLike[str]) -> ImageResult:
    """The result of a file of `write_json`; its vertices and faces are empty, (0, 3).

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of another form or version.
    """
    try:
        columns = _columns(json.loads(Path(path).read_text(encoding='utf-8')))
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise ValueError(
            f'{path} is no readable .json of a result ({type(error).__name__}: {error}).'
        ) from error
    return from_columns(str(path), columns)


def _columns(content: Mapping[str, Any]) -> dict[str, Any]:
    instances = content.get('instances', ())
    columns = {name: value for name, value in content.items() if name != 'instances'}
    columns['faces'] = np.zeros((0, 3), np.int64)
    for name, shape in PERSON.items():
        empty = (0, *(0 if side is None else side for side in shape))
        rows = [instance[name] for instance in instances] if name in OF_PERSONS else []
        columns[name] = np.array(rows) if rows else np.zeros(empty)
    columns['vertices'] = np.zeros((len(instances), 0, 3))
    if instances and all('fusion_weights' in instance for instance in instances):
        columns['fusion_weights'] = [instance['fusion_weights'] for instance in instances]
    return columns
