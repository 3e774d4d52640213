"""ONNX files, run by onnxruntime on the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


def open_session(path: str | os.PathLike[str]) -> Any:
    """The ``InferenceSession`` of a file, with as many threads as torch has."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(
        os.fspath(path), options, providers=['CPUExecutionProvider']
    )


def run_file(
    path: str | os.PathLike[str], inputs: Sequence[dict[str, np.ndarray]]
) -> list[dict[str, np.ndarray]]:
    """Outputs of a file by name, for each of some inputs by name."""
    session = open_session(path)
    names = [output.name for output in session.get_outputs()]
    return [dict(zip(names, session.run(names, given))) for given in inputs]
