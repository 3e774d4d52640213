"""Maps of a frozen stem on disk are what the stem gives, and a model trains on them as on crops."""

from __future__ import annotations

import copy
import os
import shutil
import threading

import cv2
import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from filelock import FileLock
from mmengine.registry import DefaultScope
from torch.utils.data import default_collate

from mroi_plugin.datasets import cached_maps
from mroi_plugin.datasets.annotation_file import read_entries
from mroi_plugin.datasets.cached_maps import CachedMapsDataset
from mroi_plugin.datasets.cached_stem import cache_key
from mroi_plugin.datasets.samplers.multi_dataset_sampler import MultiDatasetSampler
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.preflight import check_features, check_rois
from mroi_plugin.models.backbones.blazepose import ASSETS
from mroi_plugin.registry import DATASETS, MODELS, SCOPE


@pytest.fixture(scope='module')
def setting(workspace, tmp_path_factory):
    """The open recipe on the small images, and a folder."""
    patch = pytest.MonkeyPatch()
    patch.chdir(workspace)
    options = [
        'test_dataloader.dataset.ann_file=data/synthetic/preprocessed_datasets/synthetic_test.npz',
        'test_dataloader.dataset.image_dir=data/synthetic/datasets/synthetic',
        'model.backbone.variant=lite',
    ]
    cfg = load_config('mroi_open', options=options)
    yield cfg, tmp_path_factory.mktemp('maps')
    patch.undo()


def cached(setting, **options):
    cfg, folder = setting
    with DefaultScope.overwrite_default_scope(SCOPE):
        return CachedMapsDataset(
            cfg.test_dataloader.dataset.to_dict(),
            cfg.model.backbone.to_dict(),
            cfg.model.data_preprocessor.to_dict(),
            cfg.model.get('encoder'),
            str(folder),
            jobs=1,
            **options,
        )


def test_outputs_are_those_of_the_crops(setting):
    cfg, _ = setting
    dataset = cached(setting)
    with DefaultScope.overwrite_default_scope(SCOPE):
        plain = DATASETS.build(cfg.test_dataloader.dataset.to_dict())
        torch.manual_seed(0)
        model = MODELS.build(cfg.model.to_dict()).eval()
    assert len(dataset) == len(plain)
    batches = [default_collate([data[i] for i in (0, 3)]) for data in (dataset, plain)]
    for name in ('rois', 'focal_length', 'keypoints2d', 'smpl_betas', 'gender', 'sample_idx'):
        assert batches[0][name].equal(batches[1][name]), name
    with torch.no_grad():
        found, expected = (
            model(**model.data_preprocessor(batch), mode='predict') for batch in batches
        )
    for a, b in zip(found, expected):
        torch.testing.assert_close(a['pred_vertices'], b['pred_vertices'], atol=2e-3, rtol=0)
        torch.testing.assert_close(a['pred_cam'], b['pred_cam'], atol=2e-3, rtol=0)


def test_features_are_those_of_the_maps(setting, tmp_path):
    cfg, folder = setting
    with DefaultScope.overwrite_default_scope(SCOPE):
        torch.manual_seed(0)
        model = MODELS.build(cfg.model.to_dict()).eval()
    with torch.no_grad():
        for index in model.backbone.network.steps[model.backbone.cut :]:
            if str(index) in model.backbone.network.convs:
                model.backbone.network.convs[str(index)].weight *= 1.01
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'trained.pth')
    cfg = copy.deepcopy(cfg)
    cfg.model.backbone.init_cfg = dict(
        type='Pretrained', prefix='backbone.', checkpoint=str(tmp_path / 'trained.pth')
    )
    maps, features = (cached((cfg, folder), features=f) for f in (False, True))
    batches = [default_collate([data[i] for i in (0, 5)]) for data in (maps, features)]
    inputs = [model.data_preprocessor(batch)['img'] for batch in batches]
    assert inputs[1].shape == (2, 5, model.backbone.out_channels)
    with torch.no_grad():
        expected, found = (model.encode(img, batches[0]) for img in inputs)
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=1e-3)
    one = cached((cfg, folder), features=True, num_rois=1)
    assert one[5]['img'].equal(features[5]['img'][:1])


@pytest.mark.parametrize(
    ('encoder', 'shared'),
    [
        ({'type': 'SharedMapEncoder'}, 1.5),
        ({'type': 'SizedCropEncoder', 'scales': [1.0, 0.5, 0.5, 0.5, 0.5]}, None),
    ],
)
def test_every_encoder_can_be_cached(setting, encoder, shared):
    """Maps and features give what the crops give; one RoI of a shared map keeps the map."""
    cfg, folder = copy.deepcopy(setting[0]), setting[1]
    cfg.model.encoder = encoder
    cfg.test_dataloader.dataset.pipeline.crop.shared = shared
    with DefaultScope.overwrite_default_scope(SCOPE):
        torch.manual_seed(0)
        model = MODELS.build(cfg.model.to_dict()).eval()
        plain = DATASETS.build(cfg.test_dataloader.dataset.to_dict())
    kinds = plain, cached((cfg, folder)), cached((cfg, folder), features=True)
    batches = [default_collate([data[i] for i in (0, 5)]) for data in kinds]
    with torch.no_grad():
        expected, *found = (
            model.encode(model.data_preprocessor(dict(batch))['img'], batch) for batch in batches
        )
        for features in found:
            torch.testing.assert_close(features, expected, atol=2e-2, rtol=1e-2)
        if shared:
            one = default_collate([cached((cfg, folder), num_rois='any')[i] for i in (0, 5)])
            assert one['img'].shape[1] == one['rois'].shape[1] == 1
            own = model.encode(model.data_preprocessor(dict(one))['img'], one)
            apart = (own - expected).abs().amax(-1).amin(1)
            assert apart.max() < 2e-2


@pytest.mark.parametrize('features', [False, True])
def test_another_stem_is_refused(setting, tmp_path, features):
    cfg, folder = setting
    with DefaultScope.overwrite_default_scope(SCOPE):
        backbone = MODELS.build(cfg.model.backbone.to_dict())
    with torch.no_grad():
        backbone.network.convs_before(backbone.cut)[0].weight *= 1.01
    torch.save({'state_dict': backbone.state_dict()}, tmp_path / 'whole.pth')
    cfg = copy.deepcopy(cfg)
    cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'whole.pth'))
    with pytest.raises(ValueError, match='another stem'):
        cached((cfg, folder), features=features)


def test_the_backbone_is_the_model_s():
    options = ['model.backbone.variant=lite', 'model.backbone.split=8']
    cfg = load_config('cliff_open_cached', options=options)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.backbone == cfg.model.backbone
        assert loader.dataset.data_preprocessor == cfg.model.data_preprocessor
    check_features(cfg)
    check_features(load_config('mroi_open_landmarks'))
    with pytest.raises(ValueError, match=r'train_dataloader.dataset.features=True.*is trained'):
        check_features(load_config('cliff_open_cached', options=['model.backbone.trainable=rest']))


def test_maps_are_known_by_the_weights_of_the_stem(tmp_path):
    """Not by where they are from: a file that is written anew is another one."""

    def key(**options):
        backbone = {'type': 'BlazePose', 'split': 32, **options}
        with DefaultScope.overwrite_default_scope(SCOPE):
            return cache_key({'backbone': backbone}, MODELS.build(dict(backbone)))

    assert key(variant='full') == key(variant='full_synthetic')
    assert key(variant='full') != key(variant='lite')
    assert key(variant='full') != key(variant='full', split=8)
    file = tmp_path / 'own.safetensors'
    keys = []
    for variant in ('full', 'lite'):
        shutil.copy(ASSETS / f'blazepose_{variant}.safetensors', file)
        keys.append(key(checkpoint=str(file)))
    assert keys == [key(variant='full'), key(variant='lite')]


@pytest.mark.parametrize('features', [False, True])
def test_what_another_process_computes_is_waited_for(setting, tmp_path, monkeypatch, features):
    """It is there when the lock is free, and is not computed a second time."""
    cfg, folder = setting
    whole = cached(setting, features=features)
    (lock,) = (tmp_path / name for name in [whole.folder.name])
    lock.mkdir()
    held = FileLock(lock / '.lock', thread_local=False)
    held.acquire()

    def finish():
        shutil.copytree(whole.folder, lock, dirs_exist_ok=True)
        held.release()

    def never(*_):
        raise AssertionError('computed again')

    timer = threading.Timer(0.5, finish)
    timer.start()
    with monkeypatch.context() as patch:
        patch.setattr(cached_maps, '_features_of', never)
        patch.setattr(cached_maps.multiprocessing, 'get_context', never)
        found = cached((cfg, tmp_path), features=features)
    timer.join()
    assert found[3]['img'].equal(whole[3]['img'])


def test_other_annotations_or_images_are_other_maps(setting, tmp_path):
    """Also of the same names and sizes."""
    cfg, folder = copy.deepcopy(setting[0]), tmp_path / 'maps'
    data = cfg.test_dataloader.dataset
    table = read_entries(data.ann_file)
    data.image_dir = str(shutil.copytree(data.image_dir, tmp_path / 'images'))
    data.ann_file = str(tmp_path / 'persons.npz')
    np.savez(data.ann_file, **table)
    first, size = cached((cfg, folder)), os.path.getsize(data.ann_file)
    table['bbox_xywh'] = table['bbox_xywh'] + np.eye(table['bbox_xywh'].shape[1])[0]
    np.savez(data.ann_file, **table)
    assert os.path.getsize(data.ann_file) == size
    moved = cached((cfg, folder))
    assert float((moved[2]['rois'] - first[2]['rois'])[0, 0]) == pytest.approx(1, abs=1e-3)
    path = os.path.join(data.image_dir, table['image_path'][2])
    before = os.path.getsize(path)
    other = cv2.imencode('.jpg', 255 - cv2.imread(path), [cv2.IMWRITE_JPEG_QUALITY, 10])[1]
    with open(path, 'wb') as file:
        file.write(other.tobytes().ljust(before, bytes(1)))
    assert os.path.getsize(path) == before
    inverted = cached((cfg, folder))
    same = [inverted[i]['img'].equal(moved[i]['img']) for i in (2, 3)]
    assert same == [False, True] and cached((cfg, folder)).folder == inverted.folder


def build_on_rank(rank: int, setting, places) -> None:
    """A rank of two, each on a machine with a copy of the images."""
    torch.set_num_threads(1)
    os.chdir(places[rank])
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2')
    store = f'file://{setting[1]}/store'
    dist.init_process_group('gloo', init_method=store, rank=rank, world_size=2)
    np.save(f'{setting[1]}/{rank}.npy', cached(setting, features=True)[3]['img'].numpy())
    dist.destroy_process_group()


def test_ranks_share_maps_whatever_the_age_of_their_images(setting, tmp_path):
    places = [shutil.copytree('data', tmp_path / f'{rank}' / 'data').parent for rank in (0, 1)]
    os.utime(next(places[1].rglob('*.jpg')), (0, 0))
    mp.spawn(build_on_rank, args=((setting[0], tmp_path), places), nprocs=2)
    assert len(list(tmp_path.glob('*/recipe.json'))) == 1
    assert np.array_equal(*(np.load(tmp_path / f'{rank}.npy') for rank in (0, 1)))


def test_persons_of_an_image_can_be_drawn_together(setting):
    dataset = cached(setting)
    sampler = MultiDatasetSampler(dataset, 'by_size', seed=0, group_by_image=True)
    assert sorted(sampler) == list(range(len(dataset)))


def test_replaced_samples_are_not_kept(setting, tmp_path):
    cfg = copy.deepcopy(setting[0])
    cfg.test_dataloader.dataset.skip_invalid = True
    with pytest.raises(ValueError, match=r'skip_invalid=True of .*test.npz: .*Leave it out'):
        cached((cfg, tmp_path))
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_computed_again_and_what_is_missing_is(setting):
    dataset = cached(setting)
    (rows,) = dataset.folder.glob('*.npz')
    before = rows.stat().st_mtime_ns
    assert cached(setting).folder == dataset.folder and rows.stat().st_mtime_ns == before
    expected = dataset[1]['img']
    os.remove(rows)
    assert cached(setting)[1]['img'].equal(expected) and rows.is_file()


def test_how_the_rest_is_trained_does_not_matter(setting):
    cfg, folder = setting
    cfg = copy.deepcopy(cfg)
    cfg.model.backbone.update(trainable='rest', batch_norm=True, init_cfg=None)
    assert cached((cfg, folder)).folder == cached(setting).folder


def test_a_prefix_of_the_rois_or_any_of_them(setting):
    whole, first, any_roi = (cached(setting, num_rois=n) for n in (None, 1, 'any'))
    assert whole[2]['img'].shape[0] == 5 and first[2]['img'].equal(whole[2]['img'][:1])
    seen = set()
    for epoch in range(12):
        any_roi.set_epoch(epoch)
        sample = any_roi[2]
        (m,) = [i for i in range(5) if sample['rois'][0].equal(whole[2]['rois'][i])]
        assert sample['img'][0].equal(whole[2]['img'][m])
        seen.add(m)
    assert len(seen) > 2


def test_augmentations_take_turns(setting):
    cfg, folder = setting
    cfg = copy.deepcopy(cfg)
    cfg.test_dataloader.dataset.pipeline = cfg.train_dataloader.dataset.pipeline
    dataset = cached((cfg, folder), augmentations=2)
    rois = []
    for epoch in range(4):
        dataset.set_epoch(epoch)
        rois.append(np.asarray(dataset[0]['rois']))
    assert not np.array_equal(rois[0], rois[1])
    assert np.array_equal(rois[0], rois[2]) and np.array_equal(rois[1], rois[3])


@pytest.mark.parametrize('config', ['mroi_open_cached', 'cliff_open_cached'])
def test_the_number_of_rois_is_checked(config):
    cfg = load_config(config)
    check_rois(cfg)
    cfg.train_dataloader.dataset.num_rois = 3
    with pytest.raises(ValueError, match='num_rois is 3'):
        check_rois(cfg)


def test_no_number_of_rois_takes_all():
    key = 'train_dataloader.dataset.pipeline.crop.num_rois'
    all_of, five = (load_config('mroi_open_cached', options=[f'{key}={n}']) for n in (None, 5))
    assert all_of.train_dataloader == five.train_dataloader
    check_rois(all_of)


def test_landmarks_are_found_in_any_number_of_rois():
    check_rois(load_config('mroi_open_landmarks'))
