"""What goes wrong in the middle of a training is named: file, sample, iteration, term."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from types import SimpleNamespace

import pytest
import torch
from tiny_training import CONFIG, write_config
from torch.utils.data import get_worker_info

from mroi_plugin import apis
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.engine import failures
from mroi_plugin.engine.failures import WorkerDiedError, name_failures
from mroi_plugin.engine.hooks.check_invalid_loss_hook import InvalidLossError
from mroi_plugin.registry import MODELS, TRANSFORMS


@TRANSFORMS.register_module()
class DieAt:
    """A worker that is killed by the system when it comes to a sample."""

    def __init__(self, sample):
        self.sample = sample

    def __call__(self, sample):
        if sample['sample_idx'] == self.sample and get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return sample


@TRANSFORMS.register_module()
class HangAt:
    """A storage that does not answer for one image."""

    def __init__(self, sample):
        self.sample = sample

    def __call__(self, sample):
        if sample['sample_idx'] == self.sample:
            time.sleep(600)
        return sample


@TRANSFORMS.register_module()
class VanishAt:
    """An image that somebody removes while it is being trained on."""

    def __init__(self, samples):
        self.samples = samples

    def __call__(self, sample):
        if sample['sample_idx'] in self.samples:
            sample = {**sample, 'image_path': sample['image_path'] + '.gone'}
        return sample


def train(tmp_path, more='', name='run'):
    config = write_config(tmp_path, CONFIG + more)
    return apis.train(config, str(tmp_path / name))


def first_step(name, **options):
    """A step of the pipeline before all others, in the text of a config."""
    return f"""
train_dataloader['dataset'] = dict(pipeline=dict(
    _delete_=True, first=dict(type={name!r}, **{options!r}), load=dict(type='LoadImage'),
    crop=dict(type='MultiRoICrop', crop_size=(48, 64)), pack=dict(type='PackMultiRoIInputs'),
))
"""


def what_a_dead_worker_is_told_as(tmp_path):
    try:
        train(tmp_path, first_step('DieAt', sample=20))
    except WorkerDiedError as error:
        return str(error)


def test_a_worker_that_dies_is_named_with_its_sample(in_workspace, tmp_path):
    # In a process of its own: torch raises a dead worker's error again whenever another child ends.
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        message = pool.submit(what_a_dead_worker_is_told_as, tmp_path).result()
    found = re.search(r'after (\d+) iterations \((is killed|exited)', message)
    assert found and 0 <= int(found.group(1)) < 4, message
    assert re.search(r'\.jpg \(sample 20 of \S*synthetic_train.npz\)', message)
    assert 'num_workers' in message and '--resume' in message


def test_a_storage_that_hangs_ends_the_run(in_workspace, tmp_path):
    more = first_step('HangAt', sample=20) + "\ntrain_dataloader['timeout'] = 3\n"
    with pytest.raises(WorkerDiedError, match=r'timed out after 3 seconds.*the storage hangs'):
        train(tmp_path, more)


def test_a_storage_that_hangs_ends_a_test(in_workspace, tmp_path):
    checkpoint = tmp_path / 'run' / 'epoch_1.pth'
    train(tmp_path)
    more = """
test_dataloader = dict(timeout=3, num_workers=1, dataset=dict(pipeline=dict(
    _delete_=True, first=dict(type='HangAt', sample=2), load=dict(type='LoadImage'),
    crop=dict(type='MultiRoICrop', crop_size=(48, 64)), pack=dict(type='PackMultiRoIInputs'),
)))
"""
    with pytest.raises(WorkerDiedError, match=r'timed out after 3 seconds') as error:
        apis.test(write_config(tmp_path, CONFIG + more), str(checkpoint))
    assert 'iterations' not in str(error.value) and '--resume' not in str(error.value)


def test_an_image_that_vanishes_is_named_with_its_iteration(in_workspace, tmp_path):
    with pytest.raises(InvalidSampleError) as error:
        train(tmp_path, first_step('VanishAt', samples=[7]))
    message = str(error.value)
    assert 'the image is missing' in message and 'Traceback' not in message
    assert re.search(r'\.gone \(sample 7 of \S*synthetic_train.npz\)', message)
    assert re.search(r'Training stopped after \d iterations; skip_invalid=True', message)


def skipping(samples, workers):
    return (
        first_step('VanishAt', samples=samples)
        + f"""
train_dataloader['dataset']['skip_invalid'] = True
train_dataloader['num_workers'] = {workers}
"""
    )


@pytest.mark.parametrize('workers', [0, 2])
def test_invalid_samples_are_replaced_and_counted(in_workspace, tmp_path, workers):
    runner = train(tmp_path, skipping([3, 8, 9], workers))
    assert runner.iter == 4
    scalar = runner.message_hub.get_scalar('train/skipped_samples')
    assert scalar.current() >= 3
    (log,) = (tmp_path / 'run').glob('*/*.log')
    line = f'epoch 1: {int(scalar.current())} samples of data/synthetic/preprocessed_datasets/'
    assert line + 'synthetic_train.npz could not be used and were replaced' in log.read_text()


def test_replacements_are_the_same_in_every_run(in_workspace, tmp_path):
    runs = [train(tmp_path, skipping([3, 8, 9], n), f'run{n}') for n in (0, 2)]
    one, other = (run.model.state_dict() for run in runs)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_data_set_of_nothing_else_is_an_error(in_workspace, tmp_path):
    with pytest.raises(InvalidSampleError, match='the image is missing'):
        train(tmp_path, skipping(list(range(32)), 0))


def test_evaluation_does_not_skip(in_workspace, repo):
    options = ['val_dataloader.dataset.skip_invalid=True']
    with pytest.raises(ValueError, match=r'val_dataloader.dataset.skip_invalid=True: .* training'):
        apis.train(str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py'), options=options)


@MODELS.register_module()
class RootLoss(torch.nn.Module):
    """The root of what is below zero: no number."""

    def forward(self, outputs, batch):
        return (outputs['pred_pose'] - batch['target_pose']).square().sum().neg().sqrt()


UNSTABLE = """
model['losses'] = dict(pose=dict(_delete_=True, type='RootLoss'))
train_dataloader['num_workers'] = 0
"""


def test_a_loss_that_is_no_number_stops_the_run_before_the_step(in_workspace, tmp_path):
    with pytest.raises(InvalidLossError) as error:
        train(tmp_path, UNSTABLE)
    found = re.match(
        r'iteration (\d+) \(epoch 1\): loss_pose is nan\. Weights and samples are finite; the '
        r'first layer whose output is not: losses\.pose \(RootLoss\)\. Lower ',
        str(error.value),
    )
    assert found, error.value
    assert not list((tmp_path / 'run').glob('*.pth'))


@MODELS.register_module()
class RootOfNothing(torch.nn.Module):
    """Zero, with a gradient that is no number."""

    def forward(self, outputs, batch):
        return (0 * outputs['pred_pose']).square().sum().sqrt()


def test_weights_that_a_step_has_broken_are_named(in_workspace, tmp_path):
    broken = r'iteration 2 .* \d+ weights were not finite before the step, first backbone'
    with pytest.raises(InvalidLossError, match=broken):
        train(tmp_path, UNSTABLE.replace('RootLoss', 'RootOfNothing'))


def test_a_work_dir_that_takes_nothing_is_refused_before_anything(in_workspace, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match=r'work dir .*file/run cannot be written to'):
        apis.train(write_config(tmp_path), str(tmp_path / 'file' / 'run'))


def test_losses_of_a_model_with_a_discriminator_stop_the_run_too(in_workspace, repo, tmp_path):
    config = str(repo / 'configs' / 'hosts' / 'hmr_adversarial_synthetic.py')
    options = [
        *('train_dataloader.batch_size=8', 'train_dataloader.num_workers=0'),
        *('train_dataloader.persistent_workers=False', 'optim_wrapper.generator.optimizer.lr=1e25'),
    ]
    with pytest.raises(InvalidLossError, match=r'iteration \d .* The step was taken already'):
        apis.train(config, str(tmp_path / 'run'), options=options)


def test_a_worker_that_ends_while_its_failure_is_told(monkeypatch):
    """Torch's handler of the end of a child raises wherever the process is just then."""
    told = iter(['DataLoader worker (pid 7) exited unexpectedly with exit code 24.'])

    def interrupted(error):
        for message in told:
            raise RuntimeError(message) from error
        return ''

    monkeypatch.setattr(failures, '_of_dead_worker', interrupted)
    runner = SimpleNamespace(_train_loop=None)
    with pytest.raises(WorkerDiedError, match='exit code 24'), name_failures(runner):
        raise EOFError
    with pytest.raises(RuntimeError, match='of its own'), name_failures(runner):
        raise RuntimeError('of its own')
