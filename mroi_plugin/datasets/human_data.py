"""Persons of a HumanData file as samples for the Multi-RoI pipeline."""

from __future__ import annotations

import os.path as osp
import warnings
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Union

import numpy as np
import torch
from mmengine.dataset import Compose
from torch.utils.data import ConcatDataset, Dataset

from mroi_plugin.datasets.annotations import Annotations, read_annotations
from mroi_plugin.datasets.pixel_checks import are_squares
from mroi_plugin.datasets.sample_monitor import SampleMonitor
from mroi_plugin.datasets.transforms.geometry import Sample
from mroi_plugin.datasets.transforms.loading import LoadImage
from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies
from mroi_plugin.models.body_models.genders import GENDER_NAMES
from mroi_plugin.models.body_models.smpl import rest_pelvis
from mroi_plugin.registry import DATASETS, MODELS, TRANSFORMS, register

Step = Union[dict[str, Any], Callable[[Sample], Sample]]
Pipeline = Union[Mapping[str, Step], Sequence[Step]]


def build_pipeline(steps: Pipeline) -> Compose:
    """One callable from the steps of a pipeline, named or listed; a step that is None is left
    out."""
    steps = steps.values() if isinstance(steps, Mapping) else steps
    return Compose(
        [TRANSFORMS.build(s) if isinstance(s, dict) else s for s in steps if s is not None]
    )


@register(DATASETS)
class MultiRoIHumanDataset(Dataset):
    """Persons of one mmhuman3d HumanData file.

    What the file does not annotate is masked: ``has_smpl``, ``has_transl`` and the confidences of
    the joints say what a sample really has. An annotated focal length and principal point win over
    defaults.

    Args:
        ann_file: HumanData ``.npz``.
        image_dir: folder that the file's ``image_path`` entries are relative to.
        pipeline: transforms in order, from `LoadImage` to `PackMultiRoIInputs`; a dictionary of
            named steps, which a derived config can override by name, or a list.
        convention: keypoint convention of the samples.
        box_padding: factor on the sides of ``bbox_xywh``.
        body_model: `SMPLBody`; needed to carry ``smpl_transl`` through augmentation (the rest
            pelvis of each person's gendered body, where its file lies). Without it ``has_transl``
            is 0.
        annotated: what persons of this data set have, some of `ANNOTATED`; a file in which nobody
            has one of them is refused.
        skip_invalid: replace samples that cannot be used by others, drawn from the same random
            numbers in every run, and count them; for training alone, and not on cached maps.
        square_boxes: the boxes are squares of a center and a scale, as in SPIN's and CLIFF's files,
            each of which is the region that maps onto the longer side of the crop, whatever its
            shape. Else they are tight, and the crop holds them.

    Raises:
        FileNotFoundError: if ``ann_file`` is missing.
        ValueError: if the file holds no person, an empty or NaN box, arrays of unequal length, or
            nobody with something of ``annotated``; for ``square_boxes`` that are none.
    """

    metainfo: ClassVar[dict[str, Any]] = {}  # mmengine asks every data set for it

    def __init__(
        self,
        ann_file: str,
        image_dir: str,
        pipeline: Pipeline,
        convention: str = 'smpl_54',
        box_padding: float = 1.2,
        body_model: dict[str, Any] | None = None,
        annotated: Sequence[str] = (),
        skip_invalid: bool = False,
        square_boxes: bool = False,
    ) -> None:
        self.sample_monitor = SampleMonitor(skip_invalid)
        self.image_dir = image_dir
        self.ann_file = ann_file
        self.pipeline = build_pipeline(pipeline)
        self.annotations: Annotations = read_annotations(ann_file, convention, box_padding)
        self.annotations.check_annotated(annotated)
        self.square_boxes = square_boxes
        if square_boxes:
            self._check_squares()
        self._set_rest_pelvis(body_model)
        # Shared with worker processes, persistent ones too: (seed, epoch).
        self._epoch = torch.zeros(2, dtype=torch.int64).share_memory_()

    def _check_squares(self) -> None:
        off = np.flatnonzero(~are_squares(self.annotations.arrays['box_size']))
        if len(off):
            width, height = self.annotations.arrays['box_size'][off[0]]
            raise ValueError(
                f'{self.ann_file}: square_boxes=True, but {len(off)} of {len(self)} boxes are no '
                f'squares; the first is {width:g}x{height:g} px, of sample {off[0]} '
                f'({self.annotations.image_paths[off[0]]}). Leave it out for tight boxes.'
            )

    def _set_rest_pelvis(self, body_model: dict[str, Any] | None) -> None:
        """``J0(beta) = r . (v + S beta)`` of every person; meters."""
        arrays = self.annotations.arrays
        if body_model is None:
            arrays['smpl_rest_pelvis'] = np.zeros((len(self), 3), np.float32)
            arrays['has_transl'] = np.zeros(len(self), np.float32)
            return
        self.annotations.check_body(MODELS.build(body_model))
        pelvis = np.zeros((len(self), 3), np.float32)
        bodies = GenderedBodies(body_model, or_neutral=True)
        for code in np.unique(self.annotations.genders):
            who = self.annotations.genders == code
            body = bodies.get(GENDER_NAMES[int(code)], torch.device('cpu'))
            pelvis[who] = rest_pelvis(body, arrays['smpl_betas'][who])
        arrays['smpl_rest_pelvis'] = pelvis
        self._mask_translations_behind_the_camera()

    def _mask_translations_behind_the_camera(self) -> None:
        arrays = self.annotations.arrays
        behind = (arrays['has_transl'] > 0) & (arrays['smpl_transl'][:, 2] < 0)
        if behind.any():
            first, count = int(np.flatnonzero(behind)[0]), int(behind.sum())
            warnings.warn(
                f'{self.ann_file}: smpl.transl of {count} of {len(self)} persons is not used, '
                f'first of sample {first} ({self.annotations.image_paths[first]}): z < 0 is behind '
                'the camera. Expected meters in the axes of the camera, z forward.',
                stacklevel=2,
            )
            arrays['has_transl'] = np.where(behind, np.float32(0), arrays['has_transl'])

    def __len__(self) -> int:
        return len(self.annotations)

    def images(self) -> np.ndarray:
        """Number of the image of every person (N), from 0: equal for persons of one image."""
        return np.unique(self.annotations.image_paths.encoded, return_inverse=True)[1].reshape(-1)

    def set_epoch(self, epoch: int, seed: int = 0) -> None:
        """Choose the random numbers of the augmentation; reaches running workers too."""
        self._epoch[0], self._epoch[1] = seed, epoch

    def rng(self, index: int, stream: int = 0) -> np.random.Generator:
        """Random numbers of one sample: functions of (seed, epoch, index) alone.

        They depend neither on the number of workers nor on what was drawn before, so a resumed run
        sees what an undisturbed one would.

        Args:
            index: of the sample.
            stream: for independent numbers of the same sample.
        """
        return np.random.default_rng([*self._epoch.tolist(), index, *[stream] * (stream > 0)])

    def raw_sample(self, index: int) -> Sample:
        """Annotations of one person, before the pipeline; pixels of the image, meters, radians."""
        sample = self.annotations.row(index)
        sample['image_path'] = osp.join(self.image_dir, sample['image_path'])
        sample['ann_file'] = self.ann_file
        sample['square_box'] = self.square_boxes
        sample['sample_idx'] = index
        sample['rng'] = self.rng(index)
        return sample

    def loaded_sample(self, index: int) -> Sample:
        """`raw_sample` with its image, read from where the pipeline reads it."""
        steps = (step for step in self.pipeline.transforms if isinstance(step, LoadImage))
        return next(steps, LoadImage())(self.raw_sample(index))

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.sample_monitor.load(
            lambda chosen: self.pipeline(self.raw_sample(chosen)),
            int(index),
            lambda attempt: int(self.rng(int(index), stream=1 + attempt).integers(len(self))),
        )


@register(DATASETS)
class ConcatHumanDataset(ConcatDataset):
    """Several annotation files as one data set, one after another.

    Args:
        datasets: options of `MultiRoIHumanDataset` by name of the data set.
        pipeline: given to every one of them that has none of its own.
        **shared: further options of `MultiRoIHumanDataset` for all that do not set them.
    """

    part = MultiRoIHumanDataset
    metainfo: ClassVar[dict[str, Any]] = {}

    def __init__(
        self, datasets: Mapping[str, dict[str, Any]], pipeline: Pipeline, **shared: Any
    ) -> None:
        shared = {'pipeline': pipeline, **shared}
        self.names = list(datasets)
        super().__init__([self.part(**{**shared, **own}) for own in datasets.values()])

    def set_epoch(self, epoch: int, seed: int = 0) -> None:
        """See `MultiRoIHumanDataset.set_epoch`."""
        for dataset in self.datasets:
            dataset.set_epoch(epoch, seed)

    def rng(self, index: int, stream: int = 0) -> np.random.Generator:
        """See `MultiRoIHumanDataset.rng`."""
        part, within = self._place(index)
        return part.rng(within, stream)

    def loaded_sample(self, index: int) -> Sample:
        """See `MultiRoIHumanDataset.loaded_sample`."""
        part, within = self._place(index)
        return part.loaded_sample(within)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """A sample, whose ``sample_idx`` counts through all files: no two persons share one."""
        part, within = self._place(int(index))
        sample = part[within]
        return {**sample, 'sample_idx': sample['sample_idx'] + int(index) - within}

    def _place(self, index: int) -> tuple[MultiRoIHumanDataset, int]:
        """The data set of a sample and its index there."""
        part = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[part - 1] if part else 0
        return self.datasets[part], index - before
