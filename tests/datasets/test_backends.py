"""Images that do not lie in a folder: another of mmengine's backends is a change of config."""

from __future__ import annotations

import lmdb
import pytest
import torch

from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.preflight import required_files
from mroi_plugin.registry import DATASETS


@pytest.fixture(scope='module')
def database(workspace, tmp_path_factory):
    """The images of the embedded data as an LMDB, by their paths in the annotation files."""
    path = str(tmp_path_factory.mktemp('lmdb') / 'images')
    folder = workspace / 'data' / 'synthetic' / 'datasets' / 'synthetic'
    with lmdb.open(path, map_size=2**28) as env, env.begin(write=True) as writing:
        for file in folder.rglob('*.jpg'):
            writing.put(f'images/{file.relative_to(folder)}'.encode(), file.read_bytes())
    return path


@pytest.fixture
def configs(repo, in_workspace, database):
    """The configs of the training data, from a folder and from the database."""
    name = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py')
    options = [
        'train_dataloader.dataset.image_dir=images',
        'train_dataloader.dataset.pipeline.load.backend_args.backend=lmdb',
        f'train_dataloader.dataset.pipeline.load.backend_args.db_path={database}',
    ]
    return load_config(name, 'unused'), load_config(name, 'unused', options=options)


def test_samples_are_those_of_the_folder(configs):
    of_folder, of_database = (DATASETS.build(c.train_dataloader.dataset) for c in configs)
    for i in range(3):
        assert of_database[i]['img'].equal(of_folder[i]['img'])
    loader = torch.utils.data.DataLoader(of_database, batch_size=8, num_workers=2)
    crops = torch.cat([batch['img'] for batch in loader])
    assert crops[5].equal(of_folder[5]['img'])


def test_no_folder_is_asked_for(configs):
    of_folder, of_database = ([str(f.path) for f in required_files(c.to_dict())] for c in configs)
    assert any(path.endswith('datasets/synthetic') for path in of_folder)
    assert 'images' not in of_database


def test_an_unknown_key_is_named(configs):
    cfg = configs[1].train_dataloader.dataset
    cfg.image_dir = 'elsewhere'
    with pytest.raises(InvalidSampleError, match=r'elsewhere/.*the image is missing'):
        DATASETS.build(cfg)[0]
