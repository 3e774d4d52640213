"""Models too large to be whole on every rank."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import mmengine
import torch
from mmengine._strategy import DDPStrategy
from mmengine.device import get_device
from mmengine.dist import get_world_size, is_main_process
from mmengine.logging import MMLogger
from mmengine.model.wrappers import is_model_wrapper
from torch import Tensor, nn

from mroi_plugin.engine.terminal import brief
from mroi_plugin.registry import STRATEGIES, register
from mroi_plugin.utils.atomic_files import atomic_file
from mroi_plugin.utils.dist import is_sharded


@register(STRATEGIES)
class FullyShardedStrategy(DDPStrategy):
    """Every rank keeps a part of each weight, of its gradient and of its optimizer state; a unit is
    gathered while it computes (FSDP2, ``torch.distributed.fsdp.fully_shard``).

    For mmengine's ``FlexibleRunner``. Checkpoints are those of a model on one rank: the same keys,
    whole tensors, one file; any number of ranks, one among them, can resume from them.

    Args:
        units: class names of the blocks that are gathered one by one; the rest is gathered once.
        **kwargs: of mmengine's ``DDPStrategy``.

    Raises:
        ImportError: with torch before 2.6.
        ValueError: if the model has no block of such a name.
    """

    def __init__(self, *, units: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = tuple(units)

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """See mmengine; the terminal is told less than the log file, as by `BriefRunner`."""
        return brief(super().build_logger(*args, **kwargs))

    def _wrap_model(self, model: nn.Module) -> nn.Module:
        if is_model_wrapper(model) or is_sharded(model):
            return model
        try:
            from torch.distributed.device_mesh import init_device_mesh
            from torch.distributed.fsdp import fully_shard
        except ImportError as error:
            raise ImportError(
                f'FullyShardedStrategy needs torch >= 2.6, this is {torch.__version__}.'
            ) from error
        device = get_device()
        # fully_shard cannot divide weights that are laid out channels_last
        model = self.convert_model(model.to(device, memory_format=torch.contiguous_format))
        blocks = [m for m in model.modules() if type(m).__name__ in self.units]
        absent = set(self.units) - {type(block).__name__ for block in blocks}
        if absent:
            names = sorted({type(m).__name__ for m in model.modules()})
            raise ValueError(
                f'strategy.units: the model has no {", ".join(sorted(absent))}; it has '
                f'{", ".join(names)}.'
            )
        mesh = init_device_mesh(device, (get_world_size(),))
        for block in blocks:
            fully_shard(block, mesh=mesh)
        fully_shard(model, mesh=mesh)
        return model

    def model_state_dict(self) -> dict[str, Tensor]:
        """Whole weights on the CPU; a collective call, complete on rank 0 alone."""
        return _whole(self.model.state_dict())

    def optim_state_dict(self) -> dict[str, Any]:
        """Whole state of the optimizer, likewise, as the optimizer of one rank has it."""
        return _whole(super().optim_state_dict())

    def load_model_state_dict(self, state_dict: dict[str, Tensor], **_: Any) -> None:
        """Give every rank its part of whole weights.

        Raises:
            ValueError: if names or shapes are not the model's.
        """
        from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict

        want = {name: tuple(value.shape) for name, value in self.model.state_dict().items()}
        have = {name: tuple(value.shape) for name, value in state_dict.items()}
        wrong = sorted(dict(want.items() ^ have.items()))
        if wrong:
            raise ValueError(
                f'the checkpoint does not fit the model: {len(wrong)} weights differ, first '
                f'{wrong[0]}, {have.get(wrong[0])}, expected {want.get(wrong[0])}.'
            )
        whole = StateDictOptions(full_state_dict=True)
        set_model_state_dict(self.model, dict(state_dict), options=whole)

    def load_optim_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Give every rank its part of a whole state of the optimizer."""
        optimizer = self.optim_wrapper.optimizer
        weights = [p for group in optimizer.param_groups for p in group['params']]
        state = {
            index: {name: _like(value, weights[index]) for name, value in entries.items()}
            for index, entries in state_dict['state'].items()
        }
        super().load_optim_state_dict({**state_dict, 'state': state})

    def save_checkpoint(
        self,
        filename: str,
        *,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        extra_ckpt: dict[str, Any] | None = None,
        callback: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """Write a checkpoint; all ranks must call it, the first one writes.

        Args:
            filename: of the file, which is there completely or not at all.
            save_optimizer: whether training can be resumed from it.
            save_param_scheduler: likewise.
            extra_ckpt: further entries.
            callback: may change the entries.
        """
        content = {'state_dict': self.model_state_dict(), **(extra_ckpt or {})}
        if save_optimizer and hasattr(self, 'optim_wrapper'):
            content['optimizer'] = self.optim_state_dict()
        if save_param_scheduler and hasattr(self, 'param_schedulers'):
            content['param_schedulers'] = self.scheduler_state_dict()
        content['meta'] = {
            **content.get('meta', {}),
            'seed': self.seed,
            'time': time.strftime('%Y%m%d_%H%M%S'),
            'mmengine': mmengine.__version__,
        }
        if callback is not None:
            callback(content)
        if is_main_process():
            with atomic_file(filename) as path:
                torch.save(content, path)


def _whole(content: Any) -> Any:
    """Whole tensors on the CPU in place of parts, in dictionaries and lists; ranks other than the
    first take part, and keep their parts."""
    if isinstance(content, dict):
        return {key: _whole(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return type(content)(map(_whole, content))
    if hasattr(content, 'full_tensor'):
        whole = content.full_tensor()
        return whole.cpu() if is_main_process() else content
    return content.cpu() if isinstance(content, Tensor) else content


def _like(value: Any, weight: Tensor) -> Any:
    """An entry of the optimizer's state, spread over the ranks as its weight is."""
    if not hasattr(weight, 'full_tensor') or getattr(value, 'shape', None) != weight.shape:
        return value
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(value.to(weight.device), weight.device_mesh, weight.placements)
