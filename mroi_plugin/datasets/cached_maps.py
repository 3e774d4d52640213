"""Samples whose crops have passed the frozen part of a backbone once, kept on disk."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from mmengine.dist import barrier, broadcast_object_list, is_main_process
from mmengine.registry import DefaultScope
from torch import nn
from torch.utils.data import Dataset

from mroi_plugin.datasets.cached_stem import TRAINING, cache_key, content_of, starting_network
from mroi_plugin.datasets.lost_batches import end_on_lost_batch
from mroi_plugin.datasets.transforms.geometry import Sample
from mroi_plugin.models.encoders.crop_encoder import build_encoder
from mroi_plugin.registry import DATASETS, MODELS, SCOPE, register
from mroi_plugin.utils.atomic_files import atomic_file, write_atomically
from mroi_plugin.utils.freed_memory import keep_freed_memory
from mroi_plugin.utils.ownership import locked
from mroi_plugin.utils.progress import track
from mroi_plugin.utils.weight_digest import digest_of

SHARD = 512
"""Samples per file."""
BATCH = 8
"""Samples per pass through the stem."""
PATIENCE_S = 24 * 3600.0
"""How long another process that computes the maps is waited for."""
PASS = 32
"""Samples per pass through the rest."""
PER_ROI = ('rois', 'roi_affines', 'bbox_info')


@register(DATASETS)
class CachedMapsDataset(Dataset):
    """Samples of a data set with what a frozen backbone makes of the crops in place of them.

    That is ``stem(crops)``, or, of a backbone that is not trained at all, its feature.

    What is missing in ``cache_dir`` is computed first, in files of `SHARD` samples; an interrupted
    build goes on where it was, and other processes wait for it. Other options of data or stem,
    other annotations and image files of another size or time of change go to another folder; what
    ``backend_args`` reads images from is not looked at.

    Args:
        dataset: config of `MultiRoIHumanDataset`.
        backbone: config of a backbone with ``stem(crops)`` giving one map per crop, as `BlazePose`,
            and its weights; `wrap_cached` takes the model's.
        data_preprocessor: config of what normalizes the crops before; likewise.
        encoder: config of the model's encoder, which says what the stem sees of the crops;
            likewise. None is `CropEncoder`.
        cache_dir: folder of the maps, float16.
        augmentations: times that each sample is drawn with other random numbers; epochs take turns.
        num_rois: a prefix of the RoIs that were cut; None for all, 'any' for one drawn at random,
            which sees the person as boxes of all sizes do.
        features: give the features (M, D) of the maps, kept in ``cache_dir`` too.
        jobs: processes that build.

    Raises:
        InvalidSampleError: if a sample cannot be used.
        ValueError: if the weights that the backbone starts from have a stem of their own, or for
            ``skip_invalid``.
    """

    metainfo: ClassVar[dict[str, Any]] = {}

    def __init__(
        self,
        dataset: dict[str, Any],
        backbone: dict[str, Any],
        data_preprocessor: dict[str, Any],
        encoder: dict[str, Any] | None = None,
        cache_dir: str = 'work_dirs/cached_maps',
        augmentations: int = 1,
        num_rois: int | str | None = None,
        features: bool = False,
        jobs: int = 2,
    ) -> None:
        if dataset.get('skip_invalid'):
            raise ValueError(
                f'CachedMapsDataset: skip_invalid=True of {dataset["ann_file"]}: what replaces a '
                'sample would be kept in its place for ever. Leave it out and drop bad samples '
                'from the annotation file, or use the config without cached maps.'
            )
        self.num_rois, self.augmentations = num_rois, augmentations
        self.dataset = DATASETS.build(dict(dataset))
        self.length = len(self.dataset)
        stem = {name: value for name, value in backbone.items() if name not in TRAINING}
        recipe = {'dataset': dataset, 'backbone': stem, 'data_preprocessor': data_preprocessor}
        recipe.update({} if encoder is None else {'encoder': encoder})
        content = [content_of(self.dataset) if is_main_process() else None]
        broadcast_object_list(content)  # machines may have copies of the images
        recipe = {**_plain(recipe), 'content': content[0]}
        network = starting_network(backbone)
        text = json.dumps(cache_key(recipe, network), indent=1, sort_keys=True)
        self.folder = Path(cache_dir) / hashlib.sha256(text.encode()).hexdigest()[:12]
        write_atomically(text.encode(), self.folder / 'recipe.json')
        if is_main_process():
            self._build(recipe, jobs)
        barrier()
        self._maps = [
            [
                np.load(self._path(turn, start, 'npy'), mmap_mode='r', allow_pickle=False)
                for start in self._starts
            ]
            for turn in range(augmentations)
        ]
        self._rows = [
            [_read_rows(self._path(turn, start, 'npz')) for start in self._starts]
            for turn in range(augmentations)
        ]
        if features:
            self._maps = self._features(network, _build_encoder(encoder))
        # Shared with worker processes, persistent ones too: (seed, epoch).
        self._epoch = torch.zeros(2, dtype=torch.int64).share_memory_()

    @property
    def _starts(self) -> range:
        return range(0, self.length, SHARD)

    def _path(self, turn: int, start: int, suffix: str) -> Path:
        return self.folder / f'{turn}_{start:07d}.{suffix}'

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else computes what is missing within the block."""
        with locked(self.folder / '.lock', f'{self.folder} is written to', PATIENCE_S):
            yield

    def _missing(self, recipe: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Tasks of `_build_shard`."""
        return [
            (recipe, turn, start, min(start + SHARD, self.length), self._path(turn, start, 'npz'))
            for turn in range(self.augmentations)
            for start in self._starts
            if not self._path(turn, start, 'npz').is_file()
        ]

    def _build(self, recipe: dict[str, Any], jobs: int) -> None:
        if not self._missing(recipe):
            return
        with self._alone():
            tasks = self._missing(recipe)  # another process may have computed them meanwhile
            if not tasks:
                return
            with multiprocessing.get_context('spawn').Pool(min(jobs, len(tasks))) as pool:
                done = pool.imap_unordered(_build_shard, tasks)
                for _ in track(done, f'maps of {self.length} samples', len(tasks), quiet=False):
                    pass

    @torch.inference_mode()
    def _features(self, network: nn.Module, encoder: nn.Module) -> list[list[np.ndarray]]:
        """Features (n, M, D), float16, of the maps (n, K, C, h, w) of every file."""
        folder = self.folder / f'features_{digest_of(network)[:12]}'
        paths = [
            [folder / self._path(turn, start, 'npy').name for start in self._starts]
            for turn in range(self.augmentations)
        ]
        turns = zip(self._maps, self._rows, paths)
        files = [file for turn in turns for file in zip(*turn)]
        if is_main_process() and not all(path.is_file() for *_, path in files):
            with self._alone():
                left = [file for file in files if not file[-1].is_file()]
                for maps, rows, path in track(left, 'features of the maps', len(left), quiet=False):
                    with atomic_file(path) as part:
                        np.save(part, _features_of(maps, rows, network, encoder))
        barrier()
        return [[np.load(path, mmap_mode='r', allow_pickle=False) for path in p] for p in paths]

    def __len__(self) -> int:
        return self.length

    def images(self) -> np.ndarray:
        """See `MultiRoIHumanDataset.images`."""
        return self.dataset.images()

    def loaded_sample(self, index: int) -> Sample:
        """See `MultiRoIHumanDataset.loaded_sample`."""
        return self.dataset.loaded_sample(index)

    def set_epoch(self, epoch: int, seed: int = 0) -> None:
        """Choose the augmentation of this epoch; reaches running workers too."""
        self._epoch[0], self._epoch[1] = seed, epoch

    def __getitem__(self, index: int) -> dict[str, Any]:
        end_on_lost_batch()
        turn, (shard, row) = int(self._epoch[1]) % self.augmentations, divmod(int(index), SHARD)
        sample = {name: values[row] for name, values in self._rows[turn][shard].items()}
        maps = self._maps[turn][shard][row]
        chosen, count = slice(self.num_rois), len(sample['rois'])
        if self.num_rois == 'any':
            rng = np.random.default_rng([*self._epoch.tolist(), int(index)])
            chosen = [int(rng.integers(count))]
        own = chosen if len(maps) == count else slice(None)  # or one map for all RoIs
        sample['img'] = torch.from_numpy(np.array(maps[own]))
        for name in PER_ROI:
            sample[name] = sample[name][chosen]
        return sample


def _plain(config: Any) -> Any:
    """A config as what json holds."""
    if isinstance(config, Mapping):
        return {name: _plain(value) for name, value in config.items()}
    return [_plain(value) for value in config] if isinstance(config, (list, tuple)) else config


def _read_rows(path: Path) -> dict[str, torch.Tensor]:
    with np.load(path, allow_pickle=False) as content:
        return {name: torch.from_numpy(content[name]) for name in content.files}


def _build_shard(task: tuple[dict[str, Any], int, int, int, Path]) -> None:
    recipe, turn, start, end, path = task
    torch.set_num_threads(1)
    keep_freed_memory()
    with DefaultScope.overwrite_default_scope(SCOPE):
        dataset = DATASETS.build(recipe['dataset'])
        backbone = MODELS.build(recipe['backbone']).eval()
        preprocess = MODELS.build(recipe['data_preprocessor'])
        encoder = _build_encoder(recipe.get('encoder'))
    dataset.set_epoch(turn)
    samples, maps = [], []
    with torch.inference_mode():
        for batch in _batches(dataset, start, end):
            crops = torch.stack([sample.pop('img') for sample in batch])
            found = encoder.maps(backbone, preprocess({'img': crops})['img'])
            maps.append(found.half().numpy())
            samples += batch
    numbers = {
        name: np.stack([np.asarray(sample[name]) for sample in samples])
        for name in samples[0]
        if not isinstance(samples[0][name], str)
    }
    with atomic_file(path.with_suffix('.npy')) as part:
        np.save(part, np.concatenate(maps))
    with atomic_file(path) as part:
        np.savez(part, **numbers)


def _features_of(
    maps: np.ndarray, rows: dict[str, torch.Tensor], network: nn.Module, encoder: nn.Module
) -> np.ndarray:
    """(n, M, D), float16, of (n, K, C, h, w)."""
    boxes = {name: rows[name] for name in ('rois', 'shared_roi') if name in rows}
    found = []
    for start in range(0, len(maps), PASS):
        part = slice(start, start + PASS)
        given = _fast(torch.from_numpy(np.array(maps[part])))
        found.append(encoder(network, given, {name: x[part] for name, x in boxes.items()}))
    return torch.cat(found).half().numpy()


def _build_encoder(config: dict[str, Any] | None) -> nn.Module:
    with DefaultScope.overwrite_default_scope(SCOPE):
        return build_encoder(config)


def _fast(maps: torch.Tensor) -> torch.Tensor:
    """(n, K, C, h, w), float32, in the order of memory that convolutions are fast in."""
    flat = maps.flatten(0, 1).float().contiguous(memory_format=torch.channels_last)
    return flat.unflatten(0, maps.shape[:2])


def _batches(dataset: Dataset, start: int, end: int) -> Iterator[list[dict[str, Any]]]:
    for first in range(start, end, BATCH):
        yield [dataset[i] for i in range(first, min(first + BATCH, end))]
