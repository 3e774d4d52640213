"""A run that is resumed with another schedule is refused; with other batches it says so."""

from __future__ import annotations

import pytest
from tiny_training import write_config

from mroi_plugin import apis
from mroi_plugin.utils.errors import UsageError
from mroi_plugin.utils.torch_files import read_torch

BATCH = 'train_dataloader.batch_size=16'


@pytest.fixture
def begun(in_workspace, tmp_path):
    """A run of two epochs of four iterations, done."""
    config = write_config(tmp_path)
    apis.train(config, work_dir=str(tmp_path / 'run'), epochs=2)
    return config, str(tmp_path / 'run')


def resume(begun, epochs, *options):
    config, work_dir = begun
    apis.train(config, work_dir=work_dir, epochs=epochs, resume='auto', options=options)
    return read_torch(f'{work_dir}/epoch_{epochs}.pth')['meta']


def test_more_epochs_need_a_schedule_of_their_own(begun):
    with pytest.raises(UsageError, match=r'end=8 iterations, that of the config 16: .*load_from'):
        resume(begun, 4)
    with pytest.raises(UsageError, match='end=8 iterations, that of the config 12'):
        resume(begun, 6, BATCH)


def test_a_run_that_is_done_says_so(begun, tmp_path):
    assert resume(begun, 2)['iter'] == 8
    told = ''.join(path.read_text() for path in (tmp_path / 'run').glob('*/*.log'))
    assert told.count('The 2 epochs of this run are done: nothing is left to train.') == 1


def test_without_an_end_they_go_on(begun, in_workspace, tmp_path):
    constant = 'param_scheduler=None'
    config, _ = begun
    work_dir = str(tmp_path / 'constant')
    apis.train(config, work_dir=work_dir, epochs=1, options=(constant,))
    assert resume((config, work_dir), 2, constant)['iter'] == 8


def test_other_batches_are_told(begun, in_workspace, tmp_path):
    config, _ = begun
    work_dir = str(tmp_path / 'killed')
    apis.train(config, work_dir=work_dir, epochs=2)
    (tmp_path / 'killed' / 'epoch_2.pth').unlink()
    assert resume((config, work_dir), 2, BATCH)['iter'] == 6
    told = ''.join(path.read_text() for path in (tmp_path / 'killed').glob('*/*.log'))
    assert 'The 1 epochs before had 4 iterations each, the next have 2' in told
    assert 'day' not in told.split('The 1 epochs before')[1]
