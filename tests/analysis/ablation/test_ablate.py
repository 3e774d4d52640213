"""A group of ablations, undisturbed and interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from mmengine.config import Config
from processes import wait_for_end

from mroi_plugin.analysis.ablation.ablate import ablate
from mroi_plugin.analysis.ablation.groups import (
    DATASET_VARIABLE,
    DATASETS,
    GROUPS,
    PAPER_ERRORS,
    SAME_AS,
)
from mroi_plugin.analysis.ablation.pairs import paired_difference
from mroi_plugin.analysis.ablation.perform import RunFailed, perform
from mroi_plugin.analysis.ablation.runs import (
    Run,
    load_run,
    planned_threads,
    prepare_runs,
    read_errors,
)
from mroi_plugin.analysis.ablation.tables import add_pairs, as_markdown, summarize
from mroi_plugin.evaluation.files import PER_SAMPLE
from mroi_plugin.utils import ownership
from mroi_plugin.utils.errors import UsageError
from mroi_plugin.utils.ownership import owned

TINY = ('train_dataloader.batch_size=8', 'model.head.decoder.hidden_channels=(32, 32)')


@pytest.fixture
def project(workspace, tmp_path, monkeypatch):
    """A folder as a user has it."""
    (tmp_path / 'data').symlink_to(workspace / 'data')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_config_is_in_a_group_and_has_its_number(repo):
    configs = {path.stem for path in (repo / 'configs' / 'ablations').glob('*.py')}
    rows = {row for group in GROUPS.values() for row in group}
    assert configs == rows
    told = (repo / 'docs' / 'training.md').read_text().split('mroi ablate GROUP')[1]
    assert ', '.join(f'`{group}`' for group in GROUPS) in ' '.join(told.split())
    assert rows - set(PAPER_ERRORS) == {
        'camera_shared',
        'encoders_shared_1_5x',
        'encoders_shared_1x',
        'encoders_sized',
        'fusion_self_attention',
        'fusion_pair_mlp',
        'fusion_linear_as_printed',
        'losses_as_printed',
    }


@pytest.mark.parametrize('dataset', DATASETS)
def test_rows_that_are_one_training_are_one_config(dataset, repo, monkeypatch):
    monkeypatch.setenv(DATASET_VARIABLE, dataset)
    folder = repo / 'configs' / 'ablations'
    read = {path.stem: Config.fromfile(path).to_dict() for path in folder.glob('*.py')}
    for name, cfg in read.items():
        same = [other for other in read if read[other] == cfg and other != name]
        assert {SAME_AS.get(other, other) for other in same} <= {SAME_AS.get(name, name)}
        assert name not in SAME_AS or SAME_AS[name] in same


def test_killed_and_restarted_it_gives_the_table_of_an_undisturbed_run(project, repo):
    # one thread each: on busy cores, threads that wait for each other take minutes
    jobs = str(os.cpu_count())
    arguments = ['camera', '--epochs', '2', '--jobs', jobs, '--out']
    tail = ['--cfg-options', *TINY]
    tool = [sys.executable, str(repo / 'tools' / 'ablate.py'), *arguments]
    whole = subprocess.run([*tool, 'whole', *tail], capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stderr[-2000:]
    process = subprocess.Popen(
        [*tool, 'parts', *tail], stdout=subprocess.DEVNULL, start_new_session=True
    )
    first = project / 'parts' / 'runs' / 'camera_shared_seed0' / 'epoch_1.pth'
    while not first.is_file():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)  # alone: its children end with it
    process.wait()
    wait_for_end(process.pid, 20)
    assert not (project / 'parts' / 'camera' / 'ablation.json').exists()
    again = subprocess.run([*tool, 'parts', *tail], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr[-2000:]
    tables = [
        json.loads((project / out / 'camera' / 'ablation.json').read_text())
        for out in ('whole', 'parts')
    ]
    assert tables[0] == tables[1]
    assert set(tables[0]['runs']) == {'camera_shared', 'components_all'}
    assert tables[0]['runs']['camera_shared'][0]['epochs'] == [1, 2]
    for name in ('ablation.csv', 'ablation.md', 'curves.png'):
        assert (project / 'parts' / 'camera' / name).stat().st_size > 0


def test_a_failed_training_is_named_and_the_folder_kept_for_the_same_settings(project):
    run = Run('components_all', 0, 1, 'embedded', (*TINY, 'train_dataloader.batch_size=0'))
    prepare_runs([run], 'out', threads=1)
    with pytest.raises(RunFailed, match='components_all, seed 0') as caught:
        perform(run, 'out')
    assert 'output.log' in str(caught.value)
    longer = [Run(row, 0, 2, 'embedded', run.options) for row in ('rois_2', 'components_all')]
    with pytest.raises(UsageError, match='epochs'):
        prepare_runs(longer, 'out', threads=1)
    assert not longer[0].folder('out').exists()


def test_a_run_keeps_the_number_of_threads_it_was_begun_with(tmp_path):
    run = Run('rois_1', 0, 1, 'embedded')
    for threads in (3, 1):
        prepare_runs([run], tmp_path, threads)
        assert planned_threads(run.folder(tmp_path)) == 3
    assert load_run(run.folder(tmp_path)) == run


def test_two_ablations_do_not_share_a_folder(project, monkeypatch):
    monkeypatch.setattr(ownership, 'GRACE_S', 0.1)
    with owned('out'), pytest.raises(UsageError, match=f'process {os.getpid()} on'):
        ablate('camera', out='out')


@pytest.mark.parametrize(
    ('arguments', 'named'),
    [
        (('fusions',), 'components'),
        (('rois', [0], 1, 0), 'jobs'),
        (('rois', []), 'seeds'),
        (('rois', [0], 1, 1, None, 'coco'), 'embedded, open, papers'),
    ],
)
def test_wrong_arguments_name_what_is_allowed(project, arguments, named):
    with pytest.raises(UsageError, match=named):
        ablate(*arguments)


def fake(*last):
    return [{'epochs': [1], 'mpjpe': [x], 'pa_mpjpe': [x / 2], 'pve': [x + 1]} for x in last]


def test_the_table_has_mean_and_sample_deviation_and_the_papers_numbers():
    summary = summarize({'rois_1': fake(90.0, 94.0), 'camera_shared': fake(80.0)})
    assert summary.loc['rois_1', 'mpjpe_mean'] == 92
    assert summary.loc['rois_1', 'mpjpe_std'] == pytest.approx(8**0.5)
    assert summary.loc['rois_1', 'paper_pa_mpjpe'] == 54.2
    assert pd.isna(summary.loc['camera_shared', 'mpjpe_std'])
    text = as_markdown(summary)
    assert '| rois_1 | 92.0 ± 2.8 | 46.0 ± 1.4 | 93.0 ± 2.8 | - | - | - | 84.6 / 54.2 |' in text
    assert '| camera_shared | 80.0 | 40.0 | 81.0 | - | - | - | - |' in text


def people(folder, errors):
    """The rows of a test, out of order, with one person whose reprojection is unknown."""
    folder.mkdir()
    columns = {'sample_idx': np.arange(len(errors)), 'mpjpe': errors, 'pa_mpjpe': errors / 2}
    columns |= {'pve': errors + 1, 'reprojection_share': np.where(errors > 90, np.nan, 0.1)}
    pd.DataFrame(columns).sample(frac=1, random_state=0).to_csv(folder / PER_SAMPLE)


def test_differences_are_of_the_same_people(tmp_path):
    """People differ by 12 mm, rows by 5, the two networks of a seed by 2.8 on a person: half of the
    interval is about 0.18, twice that for two seeds at most, and 1.5 if it did not pair."""
    rng = np.random.default_rng(0)
    hard = rng.normal(60, 12, 500)
    folders = {row: [tmp_path / f'{row}_{seed}' for seed in (0, 1)] for row in ('a', 'b')}
    for row, better in (('a', 0.0), ('b', 5.0)):
        for folder in folders[row]:
            people(folder, hard - better + rng.normal(0, 2, 500))
    summary = summarize({'a': fake(60.0, 60.0), 'b': fake(55.0, 55.0)})
    add_pairs(summary, folders, 'a')
    mean, low, high = (summary.loc['b', f'mpjpe_difference{x}'] for x in ('', '_low', '_high'))
    assert -5.5 < low < mean < high < -4.5 and mean == pytest.approx(-5, abs=0.2)
    assert summary.loc['b', 'reprojection_share_difference'] == pytest.approx(0)
    assert summary.loc['b', 'reprojection_share_mean'] == pytest.approx(0.1)
    assert pd.isna(summary.loc['a', 'mpjpe_difference'])
    text = as_markdown(summary)
    assert 'MPJPE against a [mm]' in text and f'| {mean:+.1f} [{low:+.1f}, {high:+.1f}] |' in text


def test_an_interval_is_as_wide_as_theory_says():
    """What differs is the people alone, by 10 mm: a normal interval of 400 people."""
    rng = np.random.default_rng(1)
    reference = rng.normal(100, 30, (3, 400))
    effect = rng.normal(2, 10, 400)
    mean, low, high = paired_difference(reference + effect, reference)
    half = 1.96 * effect.std() / 20
    assert mean == pytest.approx(effect.mean())
    assert (mean - low, high - mean) == (pytest.approx(half, rel=0.1), pytest.approx(half, rel=0.1))


def test_people_who_do_not_pair_are_refused():
    with pytest.raises(ValueError, match=r'errors \(1, 4\) and reference \(1, 5\)'):
        paired_difference(np.zeros((1, 4)), np.zeros((1, 5)))


def test_the_open_data_are_features_of_one_cache(project):
    """Rows that take another number of RoIs share it, and tables with the same row its training."""
    options = [*TINY, 'model.backbone.variant=lite']
    summary = ablate('camera', [0], 1, 1, 'out', 'open', options)
    assert list(summary.index) == ['camera_shared', 'components_all']
    assert np.isfinite(summary.loc['camera_shared', 'mpjpe_difference_low'])
    caches = list((project / 'work_dirs' / 'cached_maps').iterdir())
    assert len(caches) == 2  # one of the training set, one of the test set
    assert all(list(folder.glob('features_*/*.npy')) for folder in caches)
    checkpoint = project / 'out' / 'runs' / 'components_all_seed0' / 'epoch_1.pth'
    written = checkpoint.stat().st_mtime_ns
    another = ablate('losses', [0], 1, 1, 'out', 'open', options)
    assert checkpoint.stat().st_mtime_ns == written
    shared = [table.loc['components_all', 'mpjpe_mean'] for table in (summary, another)]
    assert shared[0] == shared[1]
    for group in ('camera', 'losses'):
        assert (project / 'out' / group / 'ablation.json').is_file()


def test_errors_of_an_interrupted_run_are_joined(tmp_path):
    for stamp, epochs in (('1', (1, 2)), ('2', (2, 3))):
        folder = tmp_path / stamp / 'vis_data'
        folder.mkdir(parents=True)
        lines = [
            {'mesh/mpjpe': 10.0 * e, 'mesh/pa_mpjpe': 1.0, 'mesh/pve': 2.0, 'step': e}
            for e in epochs
        ]
        lines.insert(0, {'loss': 1.0, 'step': 5})
        (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    assert read_errors(tmp_path)['mpjpe'] == [10.0, 20.0, 30.0]
    with open(folder / 'scalars.json', 'a') as file:
        file.write('\n{"mesh/mpjpe": 4')
    with pytest.warns(UserWarning, match=r'scalars.json, line 4 of 4: .* cut it off'):
        assert read_errors(tmp_path)['mpjpe'] == [10.0, 20.0, 30.0]
