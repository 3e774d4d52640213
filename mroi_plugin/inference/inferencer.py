"""A trained model on own photos: boxes in, bodies and cameras out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.registry import DefaultScope

from mroi_plugin.checkpoints import load_model
from mroi_plugin.datasets import MultiRoICrop
from mroi_plugin.datasets.errors import InvalidSampleError
from mroi_plugin.engine import load_config
from mroi_plugin.host import prepare
from mroi_plugin.host.conventions import keypoint_names
from mroi_plugin.inference.camera_agreement import confidence, consensus_camera, spread
from mroi_plugin.inference.detectors import GivenBoxes
from mroi_plugin.inference.given_values import Matrix, check_box, check_camera, photo_camera
from mroi_plugin.inference.photos import Input, Photo, iterate_photos
from mroi_plugin.inference.results import ImageResult, PersonResult
from mroi_plugin.models import MultiRoIEstimator
from mroi_plugin.registry import DETECTORS, TRANSFORMS


@dataclass
class _Pending:
    """A photo whose persons are on their way through the network."""

    photo: Photo
    boxes: np.ndarray
    scores: np.ndarray
    persons: list[PersonResult] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return len(self.persons) == len(self.boxes)


class MultiRoIInferencer:
    """Meshes, cameras and their confidence of the persons in photos and videos.

    Crops are cut by the step of the config's test pipeline. The focal length is, in this order,
    that of a given camera matrix, a given one, that of EXIF, ``sqrt(W^2 + H^2)``.

    Args:
        config: config file of a `MultiRoIEstimator`.
        checkpoint: of that config.
        device: of torch; ``auto`` takes the accelerator if there is one.
        detector: config of one of ``DETECTORS``, or a callable like them; OpenCV's HOG by default.
        batch_size: persons per forward pass, of several photos together.
        options: ``KEY=VALUE`` overrides of the config.
        keep_images: leave the pixels in the results.

    Raises:
        FileNotFoundError: if a file is missing.
        CheckpointMismatchError: if the checkpoint is of another network.
        ValueError: if the config is of another method.
    """

    def __init__(
        self,
        config: str,
        checkpoint: str,
        device: str = 'auto',
        detector: Any = None,
        batch_size: int = 16,
        options: tuple[str, ...] = (),
        keep_images: bool = False,
    ) -> None:
        cfg = load_config(config, options=options)
        prepare()
        DefaultScope.get_instance('inference', scope_name='mroi')
        if cfg.model.type != MultiRoIEstimator.__name__:
            raise ValueError(
                f'{config}: model.type={cfg.model.type!r}; inference is for MultiRoIEstimator, '
                'of which the configs mroi_* and cliff_* are.'
            )
        if batch_size < 1:
            raise ValueError(f'batch_size={batch_size}: expected at least 1.')
        self.device = get_device() if device == 'auto' else device
        self.model = load_model(cfg.model, checkpoint).to(self.device)
        dataset = cfg.test_dataloader.dataset
        self.crop: MultiRoICrop = TRANSFORMS.build(dict(dataset.pipeline['crop']))
        self.box_padding = dataset.get('box_padding', 1.2)
        detector = {'type': 'HOGDetector'} if detector is None else detector
        self.detector = DETECTORS.build(detector) if isinstance(detector, Mapping) else detector
        self.batch_size, self.keep_images = batch_size, keep_images
        self.faces = np.asarray(self.model.body_model.faces, np.int64)
        self.joint_names = keypoint_names(cfg.model.get('convention', 'smpl_54'))

    def __call__(
        self,
        inputs: Input,
        boxes: Any = None,
        focal_length: float | None = None,
        camera_matrix: Matrix | None = None,
    ) -> Iterator[ImageResult]:
        """One result per photo or frame, in order, as soon as it is known.

        Args:
            inputs: see `iterate_photos`.
            boxes: in place of the detector's, see `GivenBoxes`.
            focal_length: px, of all photos.
            camera_matrix: (3, 3) px, of all photos, or by their names.

        Raises:
            ValueError: if boxes, focal length or matrix are of a wrong form; what is wrong with one
                photo is in its result.
        """
        check_camera(focal_length, camera_matrix)
        detector = self.detector if boxes is None else GivenBoxes(boxes)
        return self._run(iterate_photos(inputs), detector, focal_length, camera_matrix)

    def _run(
        self,
        photos: Iterator[Photo],
        detector: Any,
        focal_length: float | None,
        camera_matrix: Matrix | None,
    ) -> Iterator[ImageResult]:
        waiting: deque[Any] = deque()  # results, and photos whose persons are pending
        samples: list[tuple[_Pending, dict[str, Any]]] = []
        for photo in photos:
            try:
                found = self._prepare(photo, detector, focal_length, camera_matrix)
                waiting.append(found[0])
                samples += [(found[0], sample) for sample in found[1]]
            except (InvalidSampleError, _UnusableError) as error:
                waiting.append(ImageResult(photo.name, photo.size, error=str(error)))
            while len(samples) >= self.batch_size:
                self._predict(samples[: self.batch_size])
                samples = samples[self.batch_size :]
            if len(waiting) >= self.batch_size and samples:  # many photos of few persons
                self._predict(samples)
                samples = []
            yield from self._finished(waiting)
        if samples:
            self._predict(samples)
        yield from self._finished(waiting)

    def _finished(self, waiting: deque[Any]) -> Iterator[ImageResult]:
        while waiting and (isinstance(waiting[0], ImageResult) or waiting[0].complete):
            entry = waiting.popleft()
            yield entry if isinstance(entry, ImageResult) else self._result(entry)

    def _result(self, entry: _Pending) -> ImageResult:
        photo = entry.photo
        return ImageResult(
            photo.name,
            photo.size,
            entry.persons,
            self.faces,
            self.joint_names,
            photo.pixels() if self.keep_images else None,
            photo.frame,
        )

    def _prepare(
        self, photo: Photo, detector: Any, focal_length: float | None, matrix: Matrix | None
    ) -> tuple[_Pending, list[dict[str, Any]]]:
        """A photo's boxes and the samples of its persons.

        Raises:
            InvalidSampleError: if the photo or a box cannot be used.
        """
        if photo.error is not None:
            raise _UnusableError(photo.error)
        focal, centre = photo_camera(photo, focal_length, matrix)
        boxes, scores = (np.asarray(values, np.float64) for values in detector(photo))
        for i, box in enumerate(boxes):
            check_box(photo, i, box)
        samples = [
            {
                **self._cut(photo, box, centre),
                'focal_length': focal,
                'principal_point': centre,
                'box': box,
            }
            for box in boxes
        ]
        return _Pending(photo, boxes, scores), samples

    def _cut(self, photo: Photo, box: np.ndarray, centre: np.ndarray) -> dict[str, Any]:
        return self.crop(
            {
                'photo': photo.source,
                'img_size': np.array(photo.size, np.float64),
                'image_affine': np.eye(2, 3),
                'box_centre': box[:2] + box[2:] / 2,
                'box_size': box[2:] * self.box_padding,
                'principal_point': centre,
                'rng': np.random.default_rng(0),
            }
        )

    @torch.inference_mode()
    def _predict(self, samples: list[tuple[_Pending, dict[str, Any]]]) -> None:
        """Run persons through the network and append their results to their photos."""
        batch = {
            'img': torch.from_numpy(np.stack([sample['img'] for _, sample in samples])),
            **{
                name: torch.tensor(np.stack([s[name] for _, s in samples]), dtype=torch.float32)
                for name in ('rois', 'focal_length', 'principal_point')
            },
        }
        out = self.model(**self.model.data_preprocessor(batch), mode='predict')
        found = {name: torch.stack([person[name] for person in out]).cpu() for name in out[0]}
        cameras, focal = found['pred_cam_full'], found['focal_length']
        consensus = consensus_camera(cameras, focal)
        pixels, metres = spread(found['pred_joints'], cameras, consensus, focal)
        agreement = {
            'consensus_camera': consensus,
            'spread_px': pixels,
            'spread_m': metres,
            'confidence': confidence(pixels, found['rois'][:, 0, 2]),
        }
        for i, (entry, sample) in enumerate(samples):
            told = {name: value[i].numpy() for name, value in {**found, **agreement}.items()}
            score = entry.scores[len(entry.persons)]
            entry.persons.append(_person(told, sample['box'], float(score)))


class _UnusableError(ValueError):
    """A photo that cannot be read."""


def _person(told: dict[str, np.ndarray], box: np.ndarray, score: float) -> PersonResult:
    single = {name: np.asarray(value, np.float32) for name, value in told.items()}
    return PersonResult(
        bbox=np.asarray(box, np.float32),
        score=score,
        pose=single['pred_pose'],
        betas=single['pred_betas'],
        vertices=single['pred_vertices'],
        joints=single['pred_joints'],
        focal_length=float(told['focal_length']),
        principal_point=single['principal_point'],
        rois=single['rois'],
        local_cameras=single['pred_cam'],
        full_cameras=single['pred_cam_full'],
        consensus_camera=single['consensus_camera'],
        spread_px=float(told['spread_px']),
        spread_m=float(told['spread_m']),
        confidence=float(told['confidence']),
        fusion_weights=single.get('fusion_weights'),
    )
