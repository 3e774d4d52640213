"""An accelerator that is not there: tensors that say they are on ``cuda:0``, compute on the CPU,
refuse to be mixed with tensors of the CPU, and count what crosses between the two.

A crossing is what makes the host wait for a device: a value that is read (``item``, a condition), a
size that depends on values (``nonzero``, masks as indices), a copy to the host, and a copy to the
device that is not ``non_blocking``. Everything but the waiting is real: the numbers are those of
the CPU.
"""

from __future__ import annotations

import contextlib
import re
import traceback
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

aten = torch.ops.aten
DEVICE = torch.device('cuda:0')
SIZES_BY_VALUE = {
    *(aten.nonzero.default, aten.masked_select.default, aten.unique_consecutive.default),
    *(aten._unique2.default, aten.equal.default, aten.is_nonzero.default),
}
INDEXED = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}
OURS = re.compile(r'/(mroi_plugin|mmengine|mmhuman3d|smplx|roma)/')


class DeviceTensor(torch.Tensor):
    """A tensor of the device, with its values in a tensor of the CPU."""

    @staticmethod
    def __new__(cls, host: torch.Tensor) -> DeviceTensor:
        return torch.Tensor._make_wrapper_subclass(
            cls,
            host.shape,
            strides=host.stride(),
            storage_offset=host.storage_offset(),
            dtype=host.dtype,
            device='meta',  # to PyTorch's own code, which has no CUDA here
            requires_grad=host.requires_grad,
        )

    def __init__(self, host: torch.Tensor) -> None:
        self.host = host.detach()

    @property
    def device(self) -> torch.device:
        return DEVICE

    @property
    def is_cuda(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f'DeviceTensor({self.host})'

    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(_without_lists(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(_without_lists(index), value)

    def cuda(self, *_: Any, **__: Any) -> DeviceTensor:
        return self

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def numpy(self, *, force: bool = False) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu().")

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError(f'{func} outside of StandInDevice')


class DeviceParameter(DeviceTensor, torch.nn.Parameter):
    """A parameter on the device."""


class StandInDevice(TorchDispatchMode):
    """While it is active, ``device='cuda'`` is this device.

    Attributes:
        crossings: by ``operation at file:line`` of the package that asked for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.crossings: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        given = [x for x in _leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        on_device = [x for x in given if isinstance(x, DeviceTensor)]
        device = kwargs.get('device')
        wanted = None if device is None else torch.device(device).type
        wanted = 'cuda' if wanted == 'meta' else wanted  # as PyTorch's own code calls it
        if not on_device and wanted != 'cuda':
            return func(*args, **kwargs)
        self._count(func, args, kwargs, given, on_device, wanted)
        if wanted is not None:
            kwargs['device'] = torch.device('cpu')
        kwargs.pop('pin_memory', None)
        host = tree_map(_host, args), tree_map(_host, kwargs)
        found = func(*host[0], **host[1])
        if wanted == 'cpu' or func is aten._local_scalar_dense.default:
            return found
        known = {id(_host(x)): x for x in on_device}
        return tree_map(lambda x: _on_device(x, known), found)

    def _count(self, func, args, kwargs, given, on_device, wanted) -> None:
        hosts = [x for x in given if not isinstance(x, DeviceTensor)]
        blocking = not kwargs.get('non_blocking')
        if func is aten._to_copy.default:
            to_host = bool(on_device) and wanted == 'cpu'
            to_device = not on_device and wanted == 'cuda'
            if to_host or (to_device and blocking):
                self._cross('copy to the host' if to_host else 'blocking copy to the device')
        elif func is aten.copy_.default:
            waits = len(args) < 3 or not args[2]
            if hosts and (waits or not isinstance(args[0], DeviceTensor)):
                self._cross('copy_')
        elif func is aten._local_scalar_dense.default or func in SIZES_BY_VALUE:
            self._cross(str(func))
        elif func in INDEXED:
            indices = [x for x in args[1] if x is not None]
            if any(x.dtype in (torch.bool, torch.uint8) for x in indices):
                self._cross('mask as an index')
            elif any(not isinstance(x, DeviceTensor) for x in indices):
                self._cross('index of the host')
        elif on_device and any(x.dim() for x in hosts):
            raise RuntimeError(f'{func}: tensors of the device and of the CPU, at {_caller()}')

    def _cross(self, what: str) -> None:
        self.crossings[f'{what} at {_caller()}'] += 1

    @property
    def total(self) -> int:
        """Number of crossings."""
        return sum(self.crossings.values())


def put(module: torch.nn.Module) -> torch.nn.Module:
    """Put parameters and buffers of a module on the device, in place."""
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                host = parameter.detach().requires_grad_(parameter.requires_grad)
                part._parameters[name] = DeviceParameter(host)
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = DeviceTensor(buffer)
    return module


@contextlib.contextmanager
def stand_in_device() -> Iterator[StandInDevice]:
    """The device; PyTorch does not look for a real one meanwhile."""
    before = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(..., device=) copies where it is seen
    try:
        with mock.patch.object(torch.cuda, '_lazy_init', lambda: None), StandInDevice() as device:
            yield device
    finally:
        torch._C._set_only_lift_cpu_tensors(before)


def _without_lists(index: Any) -> Any:
    """An index with tensors of the host in place of lists, which PyTorch does not look into for a
    tensor without memory of its own."""
    if isinstance(index, list):
        return torch.tensor(index)
    return tuple(map(_without_lists, index)) if isinstance(index, tuple) else index


def _leaves(tree: Any) -> list[Any]:
    return torch.utils._pytree.tree_flatten(tree)[0]


def _host(x: Any) -> Any:
    return x.host if isinstance(x, DeviceTensor) else x


def _on_device(x: Any, known: dict[int, DeviceTensor]) -> Any:
    """A result of the CPU as one of the device; what was computed in place is the same tensor."""
    if not isinstance(x, torch.Tensor) or isinstance(x, DeviceTensor):
        return x
    found = known.get(id(x))
    return DeviceTensor(x) if found is None else found


def _caller() -> str:
    """The innermost line of one of the packages whose code is judged."""
    for frame in reversed(traceback.extract_stack()):
        if OURS.search(frame.filename):
            return f'{frame.filename[OURS.search(frame.filename).start() + 1 :]}:{frame.lineno}'
    return 'a backward pass'
