"""A trained model on own images: boxes in, bodies and cameras out."""

from __future__ import annotations

import hashlib
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from inspect import signature
from itertools import takewhile
from threading import Event, Lock
from typing import Any

import cv2
import numpy as np
import torch

from mroi_plugin.apis.arguments import as_boxes, as_number, as_path, check_arguments, plain
from mroi_plugin.apis.detectors.given_boxes import GivenBoxes
from mroi_plugin.apis.given_camera import GivenCamera, Matrix
from mroi_plugin.apis.inputs import Input, InputImage, iterate_images
from mroi_plugin.apis.model_zoo import DEFAULT_MODEL, find_weights
from mroi_plugin.apis.pending import Batch, PendingImage, Sample, checked_boxes, in_batches
from mroi_plugin.apis.smoothing.people import smooth_people
from mroi_plugin.apis.trackers.following import follow_people
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.encoded_image import MAX_PIXELS, DecodedOnce, EncodedImage
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.engine.device import choose_device
from mroi_plugin.engine.model_builder import load_model, plugin_scope, read_config_of
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.models.estimators.multi_roi_estimator import INPUTS, MultiRoIEstimator
from mroi_plugin.models.layers.camera_agreement import confidence, consensus_camera, spread
from mroi_plugin.registry import DETECTORS, TRANSFORMS
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.utils.freed_memory import keep_freed_memory
from mroi_plugin.utils.prefetch import prefetched

IMAGE_ERRORS = (InvalidSampleError, cv2.error, MemoryError, OSError)
"""What is wrong with one image, and not with the run."""
DEFAULT_DETECTOR = {'type': 'NanoDetDetector'}


class Inferencer:
    """Meshes, cameras and their confidence of the persons in images and videos.

    Crops are cut by the step of the config's test pipeline. People are found and cut out, go
    through the network, and are taken by the caller at the same time, in a thread each. The focal
    length is, in this order, that of a given camera matrix, a given one, that of EXIF,
    ``sqrt(W^2 + H^2)``. On a CPU the process keeps the memory that it frees, see
    `keep_freed_memory`.

    Args:
        config: name or path of the config of a `MultiRoIEstimator`; its `LoadImage` says how many
            pixels an image may have.
        checkpoint: of that config; None for its weights in the package, or the last trained in
            ``work_dirs``, see `find_weights`.
        device: of torch; ``auto`` takes the accelerator if there is one.
        detector: config of one of ``DETECTORS``, or a callable like them; built when it is needed,
            on the same device, and called in another thread, with one image at a time.
        batch_size: persons per forward pass, of several images together.
        options: ``KEY=VALUE`` overrides of the config.
        keep_images: leave the pixels in the results.

    Attributes:
        config_digest: of what the config, with its options, says of the model and its crops.

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
        keep_freed_memory(self.device)
        config = as_path('config', config)
        cfg = read_config_of(config, options, MultiRoIEstimator.__name__)
        parts = [cfg[name].to_dict() for name in ('model', 'test_dataloader')]
        self.config_digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
        self.checkpoint = as_path('checkpoint', checkpoint or find_weights(config))
        self.model = load_model(cfg, self.checkpoint).to(self.device)
        dataset = cfg.test_dataloader.dataset
        with plugin_scope():
            self.crop: MultiRoICrop = TRANSFORMS.build(dict(dataset.pipeline['crop']))
        self._detector = detector
        self._detecting, self._computing = Lock(), Lock()  # calls may overlap, networks may not
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
        kind = DETECTORS.get(self._detector['type'])
        own = {'device': str(self.device)} if 'device' in signature(kind).parameters else {}
        with plugin_scope():
            return DETECTORS.build({**own, **self._detector})

    def __call__(
        self,
        inputs: Input,
        boxes: Any = None,
        focal_length: float | None = None,
        camera_matrix: Matrix | None = None,
        recursive: bool = False,
        smooth: bool = True,
        skip: Callable[[str], bool] | None = None,
        stop: Event | None = None,
    ) -> Iterator[ImageResult]:
        """One result per image or frame, in order, as soon as it is known.

        The people of a video are followed, and filled in where they are missed for a moment, for
        which a frame waits for `MAX_GAP` others at most, see `follow_people`.

        Args:
            inputs: see `iterate_images`.
            boxes: in place of the detector's: a `GivenBoxes`, or what it takes. Of the latter, what
                was left out or looks wrong is warned of after the last image.
            focal_length: px, of all images.
            camera_matrix: (3, 3) px, of all images, or by their names, see `GivenCamera`; names
                that meet no image are warned of after the last.
            recursive: read the folders in folders.
            smooth: make the people in videos steady, see `smooth_people`.
            skip: see `iterate_images`; boxes and cameras may be of what is left out.
            stop: once it is set, no further image or frame is begun; those before are finished.

        Raises:
            TypeError: for an argument of another kind.
            ValueError: if boxes, focal length or matrix are of a wrong form, or meet images in more
                than one way. What is wrong with one image or box is in its result.
        """
        images = iterate_images(inputs, recursive, self.max_pixels, skip)
        if stop is not None:
            images = takewhile(lambda _: not stop.is_set(), images)
        if focal_length is not None:
            focal_length = as_number('focal_length', focal_length, 'px')
        camera = GivenCamera(focal_length, plain(camera_matrix))
        own = None  # boxes that nobody else reports on
        if boxes is None:
            detector = self.detector
        elif isinstance(boxes, GivenBoxes):
            detector = boxes
        else:
            detector = own = GivenBoxes(as_boxes(boxes))
        results = self._run(images, detector, camera, smooth)
        stopped = (stop or Event()).is_set
        return self._then_report(results, camera, own, lambda: skip is None and not stopped())

    def _then_report(
        self, results: Iterator[ImageResult], camera: GivenCamera, boxes: Any, whole: Any
    ) -> Iterator[ImageResult]:
        """The results; then what is wrong with given cameras and boxes, and, if ``whole()``, that
        is if all images were seen, what of them has met none."""
        yield from results
        lines = camera.report() if whole() else []
        lines += boxes.report(whole()) if boxes is not None else []
        for line in lines:
            warnings.warn(line, stacklevel=2)

    def _run(
        self, images: Iterator[InputImage], detector: Any, camera: GivenCamera, smooth: bool
    ) -> Iterator[ImageResult]:
        found = (self._find(image, detector, camera) for image in images)
        found = follow_people(found, given=isinstance(detector, GivenBoxes))
        samples = ((image, self._samples(image, camera)) for image in found)
        results = self._predicted(prefetched(in_batches(samples, self.batch_size)))
        return prefetched(smooth_people(results, self._pose_body) if smooth else results)

    def _find(self, image: InputImage, detector: Any, camera: GivenCamera) -> PendingImage:
        """The persons in an image, or why it cannot be used."""
        if image.error is not None:
            for given in (camera, detector):
                if isinstance(given, (GivenCamera, GivenBoxes)):
                    given.by_name.of(image)  # it is met, though of no use
            return PendingImage(image, error=image.error)
        try:
            with self._detecting:
                boxes, scores = checked_boxes(detector(image), detector)
        except IMAGE_ERRORS as error:
            return PendingImage(image, error=str(error) or repr(error))
        return PendingImage.of_found(image, boxes, scores)

    def _predicted(self, batches: Iterator[Batch]) -> Iterator[ImageResult]:
        waiting: deque[PendingImage] = deque()
        for images, samples in batches:
            waiting += images
            if samples:
                self._predict(samples)
            while waiting and waiting[0].complete:
                yield self._result(waiting.popleft())

    def _result(self, entry: PendingImage) -> ImageResult:
        image, pixels, error = entry.image, None, entry.error
        try:
            if self.keep_images and error is None:
                pixels = image.pixels()
        except IMAGE_ERRORS as problem:
            error = str(problem) or repr(problem)
        crop_size = tuple(int(side) for side in self.crop.crop_size)
        place = {'frame': image.frame, 'time': image.time, 'crop_size': crop_size}
        if error is not None:
            return ImageResult(image.name, image.size, error=error, **place)
        parts = (entry.instances, self.faces, self.joint_names, pixels)
        problems = tuple(entry.problems)
        return ImageResult(image.name, image.size, *parts, problems=problems, **place)

    def _samples(self, entry: PendingImage, camera: GivenCamera) -> list[Sample]:
        """What the network gets of the persons in an image; none if it cannot be used."""
        if entry.error is not None:
            return []
        try:
            focal, center = camera(entry.image)
            source = entry.image.source
            source = DecodedOnce(source) if isinstance(source, EncodedImage) else source
            return [
                {
                    **self._cut(source, entry.image.size, box, center),
                    'focal_length': focal,
                    'principal_point': center,
                    'box': box,
                }
                for box in entry.boxes
            ]
        except IMAGE_ERRORS as error:
            entry.error = str(error) or repr(error)
            return []

    def _cut(
        self, source: Any, size: tuple[int, int], box: np.ndarray, center: np.ndarray
    ) -> dict[str, Any]:
        return self.crop(
            {
                'image': source,
                'img_size': np.array(size, np.float64),
                'image_affine': np.eye(2, 3),
                'box_center': box[:2] + box[2:] / 2,
                'box_size': box[2:] * self.box_padding,
                'principal_point': center,
                'rng': np.random.default_rng(0),
            }
        )

    @torch.inference_mode()
    def _predict(self, samples: list[tuple[PendingImage, Sample]]) -> None:
        """Run persons through the network and append their results to their images."""
        batch = {
            'img': torch.from_numpy(np.stack([sample['img'] for _, sample in samples])),
            **{
                name: torch.tensor(np.stack([s[name] for _, s in samples]), dtype=torch.float32)
                for name in (*INPUTS, 'principal_point')
                if name in samples[0][1]
            },
        }
        with self._computing:
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
            entry.add_prediction(told, sample['box'])

    @torch.inference_mode()
    def _pose_body(self, pose: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `PoseBody`."""
        values = (torch.from_numpy(array).to(self.device) for array in (pose, betas))
        with self._computing:
            body = self.model.pose_body(*values)
        return tuple(body[name].cpu().numpy() for name in ('pred_vertices', 'pred_joints'))
