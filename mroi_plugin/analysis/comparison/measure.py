"""One method: errors, size, arithmetic, speed and memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.analysis import FlopAnalyzer
from mmengine.device import get_device
from mmengine.evaluator import Evaluator
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset

from mroi_plugin.analysis.comparison.methods import Method
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.loader_limits import TIMEOUT_S
from mroi_plugin.engine.model_builder import load_model, plugin_scope
from mroi_plugin.engine.preflight import check_files
from mroi_plugin.evaluation.evaluators import metrics_of
from mroi_plugin.registry import DATASETS
from mroi_plugin.utils.freed_memory import keep_freed_memory

BATCHES = (1, 32)
SECONDS = 3.0
"""How long each speed is measured, after a warm-up of two batches."""
NO_NETWORK = {'body_model', 'body_model_train', 'body_model_test', 'smpl', 'disc'}
"""Modules whose parameters are not those of the network."""
Report = Callable[[str, float], None]


def measure(method: Method, report: Report, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """Test a method and measure it on the present device.

    Args:
        method: with a checkpoint.
        report: called with what is being done and which share of it is.
        options: ``KEY=VALUE`` overrides of the config.

    Returns:
        ``mesh/*`` errors in mm; ``parameters`` of the network without body models;
        ``gflops_per_person`` by mmengine's analysis, a multiply-add being one;
        ``persons_per_s_batch_1`` and ``_32``, from crops to meshes; ``peak_memory_mib``, of the
        device, or of this process on a CPU.

    Raises:
        MissingFilesError: naming all missing files at once.
        CheckpointMismatchError: if the checkpoint is of another network.
    """
    cfg = load_config(method.config, options=options)
    check_files(cfg.to_dict())
    keep_freed_memory(get_device())
    model = load_model(cfg, method.checkpoint).to(get_device())
    with plugin_scope():
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        evaluator = Evaluator(metrics_of(cfg.test_evaluator))
    errors = _evaluate(model, dataset, evaluator, report)
    found = {'parameters': count_parameters(model)}
    report('GFLOPs', 0.0)
    found['gflops_per_person'] = count_flops(model, _batch(dataset, 1)) / 1e9
    for size in BATCHES:
        report(f'speed at batch {size}', 0.0)
        found[f'persons_per_s_batch_{size}'] = measure_speed(model, _batch(dataset, size))
    return {**errors, **found, 'peak_memory_mib': peak_memory_mib()}


def _batch(dataset: Any, size: int) -> dict[str, Any]:
    """``size`` samples, repeated where the set is smaller."""
    chosen = Subset(dataset, [i % len(dataset) for i in range(size)])
    return next(iter(DataLoader(chosen, batch_size=size)))


@torch.no_grad()
def _evaluate(
    model: nn.Module, dataset: Any, evaluator: Evaluator, report: Report
) -> dict[str, float]:
    loader = DataLoader(dataset, batch_size=32, num_workers=1, timeout=TIMEOUT_S)
    for position, batch in enumerate(loader):
        report('test', position / len(loader))
        evaluator.process(model.test_step(dict(batch)), batch)
    return evaluator.evaluate(len(dataset))


def count_parameters(model: nn.Module) -> int:
    """Number of parameters, trained or not, without body models and discriminators."""
    return sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if not NO_NETWORK & set(name.split('.'))
    )


class _Vertices(nn.Module):
    """The model as a function from crops to vertices alone."""

    def __init__(self, model: nn.Module, batch: dict[str, Any]) -> None:
        super().__init__()
        self.model, self.batch = model, batch

    def forward(self, img: Tensor) -> Tensor:
        return self.model(img, mode='tensor', **self.batch)['pred_vertices']


@torch.no_grad()
def count_flops(model: nn.Module, batch: dict[str, Any]) -> int:
    """Multiply-adds of one forward pass from crops to vertices, by mmengine's analysis.

    Args:
        model: in evaluation mode.
        batch: of one person.
    """
    batch = model.data_preprocessor(dict(batch), False)
    analyzer = FlopAnalyzer(_Vertices(model, batch), (batch.pop('img'),))
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    analyzer.tracer_warnings('none')
    return analyzer.total()


@torch.no_grad()
def measure_speed(model: nn.Module, batch: dict[str, Any]) -> float:
    """Persons per second from uint8 crops to meshes: the median over `SECONDS`.

    Args:
        model: in evaluation mode, on its device.
        batch: as the loader gives it.
    """
    times, start = [], time.perf_counter()
    while len(times) < 4 or time.perf_counter() - start < SECONDS:
        begin = time.perf_counter()
        model.test_step(dict(batch))
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return len(batch['img']) / float(torch.tensor(times[2:]).median())


def peak_memory_mib() -> float:
    """Most memory held so far: allocated on the GPU if there is one, else resident in this
    process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path('/proc/self/status')
    if status.is_file():  # getrusage also counts what the parent held when it forked
        fields = dict(line.split(':', 1) for line in status.read_text().splitlines())
        return int(fields['VmHWM'].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
