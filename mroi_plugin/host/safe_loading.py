"""The checkpoint readers of mmengine and mmcv 1.x, made to execute nothing, under any torch."""

from __future__ import annotations

import os
import os.path as osp
import sys
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

import torch

from mroi_plugin.host.checkpoints import read_safely

READERS = ('mmengine.runner.checkpoint', 'mmcv.runner.checkpoint')
"""Modules that ``load_from``, ``resume`` and ``init_cfg=dict(type='Pretrained')`` read with."""


def read_without_code(file: Any, *_: Any, **__: Any) -> Any:
    """Stands for ``torch.load`` in `READERS`; the content is on the CPU.

    Raises:
        pickle.UnpicklingError: if the file asks for anything but tensors and plain data.
    """
    content = read_safely(file)
    meta = content.get('meta') if isinstance(content, dict) else None
    if isinstance(meta, dict):
        # Both engines run this text as Python when they resume, to compare numbers of GPUs.
        meta.pop('config', None)
    return content


def read_url(url: str, model_dir: str | None = None, *_: Any, **__: Any) -> Any:
    """Stands for ``load_url``, which unpickles whatever it gets; files are kept in torch's cache.

    Args:
        url: of a checkpoint.
        model_dir: where to keep it.

    Raises:
        pickle.UnpicklingError: if the file asks for anything but tensors and plain data.
    """
    folder = model_dir or osp.join(torch.hub.get_dir(), 'checkpoints')
    path = osp.join(folder, osp.basename(urlparse(url).path))
    if not osp.isfile(path):
        os.makedirs(folder, exist_ok=True)
        torch.hub.download_url_to_file(url, path, progress=False)
    return read_without_code(path)


@cache
def torch_that_reads_safely() -> ModuleType:
    """A copy of torch's namespace with another ``load``; torch itself is left alone."""
    module = ModuleType('torch')
    vars(module).update({**vars(torch), 'load': read_without_code})
    return module


def make_reader_safe(module: ModuleType) -> None:
    """Let one of `READERS` read without executing anything; other modules are left alone."""
    if module.__name__ in READERS:
        module.torch = torch_that_reads_safely()
        module.load_url = read_url


def make_loaded_readers_safe() -> None:
    """The same for those of `READERS` that are imported already."""
    for name in READERS:
        if name in sys.modules:
            make_reader_safe(sys.modules[name])
