"""The checkpoint readers of mmengine and mmcv 1.x, executing nothing while a run of ours lasts."""

from __future__ import annotations

import os
import os.path as osp
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

from mroi_plugin.mmhuman3d_compat.loading import host_module
from mroi_plugin.utils.state_dicts import plain_names, read_content, unwrap_state_dict

READERS = ('mmengine.runner.checkpoint', 'mmcv.runner.checkpoint')
"""Modules that ``load_from``, ``resume`` and ``init_cfg=dict(type='Pretrained')`` read with."""


@contextmanager
def checkpoints_read_safely() -> Iterator[None]:
    """Within, `READERS` refuse whatever is neither tensors nor plain data, under any torch.

    Afterwards they are as they were: how other code reads its checkpoints is its own matter.

    Raises:
        ImportError: if mmhuman3d cannot be imported.
    """
    host_module(READERS[1])
    with _SAFE_READERS:
        yield


def read_checkpoints_safely() -> None:
    """`checkpoints_read_safely` from now on, for runs that others begin and end.

    Raises:
        ImportError: if mmhuman3d cannot be imported.
    """
    host_module(READERS[1])
    _SAFE_READERS.__enter__()


class _SafeReaders:
    """Replaces `READERS` for the outermost of all contexts, of several threads too."""

    def __init__(self) -> None:
        self._lock, self._depth = threading.Lock(), 0
        self._kept: list[tuple[ModuleType, Any, Any]] = []

    def __enter__(self) -> None:
        with self._lock:
            if self._depth == 0:
                import_module(READERS[0])
                modules = [sys.modules[name] for name in READERS if name in sys.modules]
                self._kept = [(module, module.torch, module.load_url) for module in modules]
                for module in modules:
                    module.torch, module.load_url = _torch_that_reads_safely(), read_url
            self._depth += 1

    def __exit__(self, *_: Any) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                for module, torch, load_url in self._kept:
                    module.torch, module.load_url = torch, load_url


_SAFE_READERS = _SafeReaders()


def read_without_code(file: Any, *_: Any, **__: Any) -> Any:
    """Stands for ``torch.load`` in `READERS`; the content is on the CPU.

    Its state dict is ``state_dict``, under the names of the model (`plain_names`), as in all other
    commands: the engines strip ``module.`` alone, skip what they do not know and start from noise.

    Raises:
        UnsafeFileError: if the file asks for anything but tensors and plain data.
        ValueError: if two names come to be equal.
    """
    content = read_content(file)
    if not isinstance(content, dict):
        return content
    content = unwrap_state_dict(content)
    if isinstance(content.get('meta'), dict):
        # Both engines run this text as Python when they resume, to compare numbers of GPUs.
        content['meta'].pop('config', None)
    if isinstance(content['state_dict'], dict):
        content['state_dict'] = plain_names(content['state_dict'])
    return content


def read_url(url: str, model_dir: str | None = None, *_: Any, **__: Any) -> Any:
    """Stands for ``load_url``, which unpickles whatever it gets; files are kept in torch's cache.

    Args:
        url: of a checkpoint.
        model_dir: where to keep it.

    Raises:
        UnsafeFileError: if the file asks for anything but tensors and plain data.
    """
    import torch

    folder = model_dir or osp.join(torch.hub.get_dir(), 'checkpoints')
    path = osp.join(folder, osp.basename(urlparse(url).path))
    if not osp.isfile(path):
        os.makedirs(folder, exist_ok=True)
        torch.hub.download_url_to_file(url, path, progress=False)
    return read_without_code(path)


@cache
def _torch_that_reads_safely() -> ModuleType:
    """A copy of torch's namespace with another ``load``; torch itself is left alone."""
    import torch

    module = ModuleType('torch')
    vars(module).update({**vars(torch), 'load': read_without_code})
    return module
