"""A batch that cannot be sent ends its loader process; nobody waits for it."""

from __future__ import annotations

import errno
import multiprocessing
import multiprocessing.queues
from concurrent.futures import ProcessPoolExecutor

import pytest
from tiny_training import CONFIG, write_config

from mroi_plugin import apis
from mroi_plugin.datasets.lost_batches import end_on_lost_batch
from mroi_plugin.engine.failures import WorkerDiedError
from mroi_plugin.registry import TRANSFORMS

ERRORS = {
    'memory': RuntimeError('unable to write to file </torch_1>: No space left on device (28)'),
    'files': OSError(errno.EMFILE, 'Too many open files'),
    'object': TypeError("cannot pickle 'generator' object"),
}


class Unsendable(str):
    """What the system refuses to send."""

    def __reduce__(self):
        raise ERRORS[self]


@TRANSFORMS.register_module()
class LoseAt:
    """A sample whose batch cannot be sent."""

    def __init__(self, sample, error):
        self.sample, self.error = sample, error

    def __call__(self, sample):
        if sample['sample_idx'] == self.sample:
            sample = {**sample, 'image_path': Unsendable(self.error)}
        return sample


STEP = """
train_dataloader['dataset'] = dict(pipeline=dict(
    lost=dict(type='LoseAt', sample=20, error={!r})))
"""


def told_as(folder, error):
    try:
        apis.train(write_config(folder, CONFIG + STEP.format(error)), str(folder / 'run'))
    except WorkerDiedError as found:
        return str(found)


@pytest.mark.parametrize(
    ('error', 'code', 'advice'),
    [
        ('memory', errno.ENOSPC, 'shared memory is full'),
        ('files', errno.EMFILE, 'ulimit -n'),
        ('object', 1, 'num_workers'),
    ],
)
def test_the_process_ends_and_the_reason_is_its_exit_code(
    in_workspace, tmp_path, error, code, advice
):
    # In a process of its own: torch raises a dead worker's error again whenever another child ends.
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        message = pool.submit(told_as, tmp_path, error).result(timeout=60)
    assert f'exited unexpectedly with exit code {code}' in message
    assert advice in message


def test_outside_of_loader_processes_nothing_changes():
    before = multiprocessing.queues.Queue._on_queue_feeder_error
    end_on_lost_batch()
    assert multiprocessing.queues.Queue._on_queue_feeder_error is before
