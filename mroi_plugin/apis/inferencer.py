"""A trained model on own images: boxes in, bodies and cameras out."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import torch

from mroi_plugin.apis.arguments import as_boxes, as_number, as_path, check_arguments, plain
from mroi_plugin.apis.detectors.given_boxes import GivenBoxes
from mroi_plugin.apis.given_camera import GivenCamera, Matrix
from mroi_plugin.apis.inputs import Input, InputImage, iterate_images
from mroi_plugin.apis.model_zoo import DEFAULT_MODEL, find_weights
from mroi_plugin.datasets.pixel_checks import box_problem
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.encoded_image import MAX_PIXELS
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.engine.device import choose_device
from mroi_plugin.engine.model_builder import load_model, plugin_scope
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.models.estimators.multi_roi_estimator import MultiRoIEstimator
from mroi_plugin.models.layers.camera_agreement import confidence, consensus_camera, spread
from mroi_plugin.registry import DETECTORS, TRANSFORMS
from mroi_plugin.structures.results import ImageResult, InstanceResult, non_finite_value

IMAGE_ERRORS = (InvalidSampleError, cv2.error, MemoryError, OSError)
"""What is wrong with one image, and not with the run."""
DEFAULT_DETECTOR = {'type': 'NanoDetDetector'}


@dataclass
class _Pending:
    """An image whose persons are on their way through the network."""

    image: InputImage
    boxes: np.ndarray
    scores: np.ndarray
    problems: list[str]
    instances: list[InstanceResult] = field(default_factory=list)
    lost: int = 0

    @property
    def done(self) -> int:
        return len(self.instances) + self.lost

    @property
    def complete(self) -> bool:
        return self.done == len(self.boxes)


class MultiRoIInferencer:
    """Meshes, cameras and their confidence of the persons in images and videos.

    Crops are cut by the step of the config's test pipeline. The focal length is, in this order,
    that of a given camera matrix, a given one, that of EXIF, ``sqrt(W^2 + H^2)``.

    Args:
        config: name or path of the config of a `MultiRoIEstimator`; its `LoadImage` says how many
            pixels an image may have.
        checkpoint: of that config; None for the weights that come with it.
        device: of torch; ``auto`` takes the accelerator if there is one.
        detector: config of one of ``DETECTORS``, or a callable like them; built when it is needed.
        batch_size: persons per forward pass, of several images together.
        options: ``KEY=VALUE`` overrides of the config.
        keep_images: leave the pixels in the results.

    Raises:
        FileNotFoundError: if a file is missing.
        CheckpointMismatchError: if the checkpoint is of another network.
        ValueError: if the config is of another method, or weights are not finite.
        TypeError: for an argument of another kind.
    """

    def __init__(
        self,
        config: str = DEFAULT_MODEL,
        checkpoint: str | None = None,
        device: str = 'auto',
        detector: Any = DEFAULT_DETECTOR,
        batch_size: int = 16,
        options: tuple[str, ...] = (),
        keep_images: bool = False,
    ) -> None:
        self.batch_size = int(as_number('batch_size', batch_size, 'persons per forward pass'))
        if self.batch_size < 1:
            raise ValueError(f'batch_size={batch_size}: expected at least 1.')
        check_arguments(detector, options)
        self.device = choose_device(device)
        config = as_path('config', config)
        checkpoint = as_path('checkpoint', checkpoint or find_weights(config))
        model, cfg = load_model(config, checkpoint, options, method=MultiRoIEstimator.__name__)
        self.model = model.to(self.device)
        dataset = cfg.test_dataloader.dataset
        with plugin_scope():
            self.crop: MultiRoICrop = TRANSFORMS.build(dict(dataset.pipeline['crop']))
        self._detector = detector
        self.box_padding = dataset.get('box_padding', 1.2)
        self.max_pixels = dataset.pipeline.get('load', {}).get('max_pixels', MAX_PIXELS)
        self.keep_images = keep_images
        self.faces = np.asarray(self.model.body_model.faces, np.int64)
        self.joint_names = keypoint_names(self.model.body_model.keypoint_dst)

    @cached_property
    def detector(self) -> Any:
        """Callable from an `InputImage` to boxes and scores."""
        if not isinstance(self._detector, Mapping):
            return self._detector
        with plugin_scope():
            return DETECTORS.build(self._detector)

    def __call__(
        self,
        inputs: Input,
        boxes: Any = None,
        focal_length: float | None = None,
        camera_matrix: Matrix | None = None,
        recursive: bool = False,
    ) -> Iterator[ImageResult]:
        """One result per image or frame, in order, as soon as it is known.

        Args:
            inputs: see `iterate_images`.
            boxes: in place of the detector's: a `GivenBoxes`, or what it takes. Of the latter, what
                was left out or looks wrong is warned of after the last image.
            focal_length: px, of all images.
            camera_matrix: (3, 3) px, of all images, or by their names, see `GivenCamera`.
            recursive: read the folders in folders.

        Raises:
            TypeError: for an argument of another kind.
            ValueError: if boxes, focal length or matrix are of a wrong form, or meet images in more
                than one way; after the last image, if a matrix has met none. What is wrong with one
                image or box is in its result.
        """
        images = iterate_images(inputs, recursive, self.max_pixels)
        if focal_length is not None:
            focal_length = as_number('focal_length', focal_length, 'px')
        camera = GivenCamera(focal_length, plain(camera_matrix))
        if boxes is None:
            return self._run(images, self.detector, camera)
        if isinstance(boxes, GivenBoxes):
            return self._run(images, boxes, camera)
        return self._run_and_report(images, GivenBoxes(as_boxes(boxes)), camera)

    def _run_and_report(
        self, images: Iterator[InputImage], boxes: GivenBoxes, camera: GivenCamera
    ) -> Iterator[ImageResult]:
        yield from self._run(images, boxes, camera)
        for line in boxes.report():
            warnings.warn(line, stacklevel=2)

    def _run(
        self, images: Iterator[InputImage], detector: Any, camera: GivenCamera
    ) -> Iterator[ImageResult]:
        waiting: deque[Any] = deque()  # results, and images whose persons are pending
        samples: list[tuple[_Pending, dict[str, Any]]] = []
        for image in images:
            try:
                found = self._prepare(image, detector, camera)
                waiting.append(found[0])
                samples += [(found[0], sample) for sample in found[1]]
            except IMAGE_ERRORS as error:
                waiting.append(ImageResult(image.name, image.size, error=str(error) or repr(error)))
            while len(samples) >= self.batch_size:
                self._predict(samples[: self.batch_size])
                samples = samples[self.batch_size :]
            if len(waiting) >= self.batch_size and samples:  # many images of few persons
                self._predict(samples)
                samples = []
            yield from self._finished(waiting)
        if samples:
            self._predict(samples)
        yield from self._finished(waiting)
        camera.refuse_unused()

    def _finished(self, waiting: deque[Any]) -> Iterator[ImageResult]:
        while waiting and (isinstance(waiting[0], ImageResult) or waiting[0].complete):
            entry = waiting.popleft()
            yield entry if isinstance(entry, ImageResult) else self._result(entry)

    def _result(self, entry: _Pending) -> ImageResult:
        image = entry.image
        try:
            pixels = image.pixels() if self.keep_images else None
        except IMAGE_ERRORS as error:
            return ImageResult(
                image.name, image.size, frame=image.frame, error=str(error) or repr(error)
            )
        parts = (entry.instances, self.faces, self.joint_names, pixels, image.frame)
        return ImageResult(image.name, image.size, *parts, problems=tuple(entry.problems))

    def _prepare(
        self, image: InputImage, detector: Any, camera: GivenCamera
    ) -> tuple[_Pending, list[dict[str, Any]]]:
        """An image's boxes and the samples of its persons.

        Raises:
            InvalidSampleError: if the image or its camera cannot be used.
        """
        if image.error is not None:
            for given in (camera, detector):
                if isinstance(given, (GivenCamera, GivenBoxes)):
                    given.by_name.of(image)  # it is met, though of no use
            raise InvalidSampleError(image.error)
        boxes, scores = (np.asarray(values, np.float64) for values in detector(image))
        focal, center = camera(image)
        problems = [_box_problem(image, box, score) for box, score in zip(boxes, scores)]
        good = np.array([problem is None for problem in problems], bool)
        samples = [
            {
                **self._cut(image, box, center),
                'focal_length': focal,
                'principal_point': center,
                'box': box,
            }
            for box in boxes[good]
        ]
        told = [f'box {i}: {problem}.' for i, problem in enumerate(problems) if problem]
        return _Pending(image, boxes[good], scores[good], told), samples

    def _cut(self, image: InputImage, box: np.ndarray, center: np.ndarray) -> dict[str, Any]:
        return self.crop(
            {
                'image': image.source,
                'img_size': np.array(image.size, np.float64),
                'image_affine': np.eye(2, 3),
                'box_center': box[:2] + box[2:] / 2,
                'box_size': box[2:] * self.box_padding,
                'principal_point': center,
                'rng': np.random.default_rng(0),
            }
        )

    @torch.inference_mode()
    def _predict(self, samples: list[tuple[_Pending, dict[str, Any]]]) -> None:
        """Run persons through the network and append their results to their images."""
        batch = {
            'img': torch.from_numpy(np.stack([sample['img'] for _, sample in samples])),
            **{
                name: torch.tensor(np.stack([s[name] for _, s in samples]), dtype=torch.float32)
                for name in ('rois', 'focal_length', 'principal_point')
            },
        }
        out = self.model(**self.model.data_preprocessor(batch), mode='predict')
        found = {name: torch.stack([instance[name] for instance in out]).cpu() for name in out[0]}
        cameras, focal = found['pred_cam_full'], found['focal_length']
        consensus = consensus_camera(cameras, focal)
        pixels, meters = spread(found['pred_joints'], cameras, consensus, focal)
        agreement = {
            'consensus_camera': consensus,
            'spread_px': pixels,
            'spread_m': meters,
            'confidence': confidence(pixels, found['rois'][:, 0, 2]),
        }
        for i, (entry, sample) in enumerate(samples):
            told = {name: value[i].numpy() for name, value in {**found, **agreement}.items()}
            instance = _instance(told, sample['box'], float(entry.scores[entry.done]))
            problem = non_finite_value(instance)
            if problem is None:
                entry.instances.append(instance)
            else:
                entry.problems.append(f'person {entry.done}: {problem}')
                entry.lost += 1


def _box_problem(image: InputImage, box: np.ndarray, score: float) -> str | None:
    if not np.isfinite(score):
        return f'the score is {score}, expected a number'
    return box_problem(box, image.size)


def _instance(told: dict[str, np.ndarray], box: np.ndarray, score: float) -> InstanceResult:
    single = {name: np.asarray(value, np.float32) for name, value in told.items()}
    return InstanceResult(
        bbox=np.asarray(box, np.float32),
        score=score,
        pose=single['pred_pose'],
        betas=single['pred_betas'],
        vertices=single['pred_vertices'],
        joints=single['pred_joints'],
        focal_length=float(told['focal_length']),
        principal_point=single['principal_point'],
        rois=single['rois'],
        trans=single['pred_transl'],
        local_cameras=single['pred_cam'],
        full_cameras=single['pred_cam_full'],
        consensus_camera=single['consensus_camera'],
        spread_px=float(told['spread_px']),
        spread_m=float(told['spread_m']),
        confidence=float(told['confidence']),
        fusion_weights=single.get('fusion_weights'),
    )
