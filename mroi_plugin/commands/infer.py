"""Meshes, cameras and pictures of the persons in images and videos."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mroi_plugin.commands.options import add_inference, inference_options

FORMATS = 'json, npz, obj, ply, glb, bvh, coco, overlay, video'
DEFAULT_FORMATS = 'json,overlay,video'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi infer``."""
    add = parser.add_argument
    add('inputs', nargs='+', metavar='INPUT', help='image, video, folder or pattern')
    add('--recursive', action='store_true', help='read the folders in folders')
    add_inference(parser)
    add('--out', default='work_dirs/infer', metavar='DIR', help='folder for the results')
    add(
        '--boxes',
        metavar='FILE',
        help='json with boxes in place of a detector: COCO annotations, or detections as COCO, '
        'mmdetection, detectron2 and AlphaPose write them. Images by the end of their path, name, '
        'stem or number; videos as video.mp4, frames as video.mp4#12, from 0',
    )
    add(
        '--cameras',
        metavar='FILE',
        help='json with a camera matrix (3, 3) in px, or matrices by the names of images and '
        'videos, as of --boxes; goes before --focal-length',
    )
    add('--focal-length', type=float, help='focal length in px; else from EXIF, or sqrt(W^2 + H^2)')
    add('--save', default=DEFAULT_FORMATS, help=f'some of {FORMATS} ({DEFAULT_FORMATS})')
    add(
        '--no-smooth',
        action='store_true',
        help='people in videos as the network sees them frame by frame, not made steady',
    )
    add(
        '--side-view',
        action='store_true',
        help='overlays of images also show joints, RoIs, and the bodies from the right and above',
    )


def run(args: argparse.Namespace) -> int:
    """Infer; exit status 1 if an image or a box could not be used, 2 if nothing could be done."""
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors(), _plain_warnings():
        return _infer(args)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Every warning of ours as one line on the terminal."""
    from mroi_plugin.utils.names import printable

    def show(message: Warning, *_: Any) -> None:
        print(f'warning: {printable(str(message))}', file=sys.stderr)

    with warnings.catch_warnings():
        warnings.filterwarnings('always', category=UserWarning, module='mroi_plugin')
        warnings.showwarning = show
        yield


def _infer(args: argparse.Namespace) -> int:
    from mroi_plugin.apis.detectors.given_boxes import GivenBoxes
    from mroi_plugin.apis.inferencer import MultiRoIInferencer
    from mroi_plugin.apis.inputs import count_images
    from mroi_plugin.apis.saving import OF_RUN, Saver
    from mroi_plugin.apis.summary import Summary
    from mroi_plugin.structures.coco_file import write_coco
    from mroi_plugin.structures.rig import rig_of

    formats = [name.strip() for name in args.save.split(',') if name.strip()]
    if args.side_view and 'overlay' not in formats:
        raise ValueError('--side-view: it is part of overlays, add overlay to --save.')
    boxes = None if args.boxes is None else GivenBoxes(args.boxes)
    keep_images = bool({'overlay', 'video'} & set(formats))
    model = MultiRoIInferencer(**inference_options(args), keep_images=keep_images)
    per_input = [name for name in formats if name != 'coco']
    rig = rig_of(model.model.body_model)
    saver = Saver(args.out, per_input, model.crop.crop_size, rig, args.side_view)
    results = model(
        args.inputs,
        boxes,
        args.focal_length,
        args.cameras,
        args.recursive,
        smooth=not args.no_smooth,
    )
    summary = Summary(keep='coco' in formats)
    _save_all(results, count_images(args.inputs, args.recursive), saver, summary)
    if 'coco' in formats:
        summary.files.append(write_coco(summary.kept, saver.folder / f'{OF_RUN}.json'))
    if boxes is not None:
        summary.notes += boxes.report()
    status = summary.show(saver.folder)
    return status if boxes is None or boxes.used else 1


def _save_all(results: Any, total: int, saver: Any, summary: Any) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from mroi_plugin.apis.saving import SAVING_ERRORS
    from mroi_plugin.apis.summary import RateColumn

    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), RateColumn())
    try:
        with Progress(*columns) as progress:
            for result in progress.track(results, total=total, description='images'):
                try:
                    files = saver.save(result)
                except SAVING_ERRORS as error:
                    summary.fail(result.name, f'no file was written: {error}')
                    continue
                summary.add(result, files)
        summary.files += saver.close()
    except ValueError:  # of what is given: the video up to here is whole
        saver.close()
        raise
    finally:
        saver.discard()
