"""Meshes, cameras and pictures of the persons in images and videos."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from typing import Any

from mroi_plugin.commands.options import add_inference, build_inferencer, folder
from mroi_plugin.utils.result_formats import FORMATS, RUN_FORMATS, check_formats

ALL_FORMATS = (*FORMATS, *RUN_FORMATS)
DEFAULT_FORMATS = 'json,overlay'
SETTINGS = ('model', 'cfg_options', 'detector', 'focal_length', 'save', 'no_smooth', 'side_view')
FILES = ('checkpoint', 'boxes', 'cameras')
"""Options that results depend on, and those of them that are files: a run that is resumed must have
the same."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi infer``."""
    add = parser.add_argument
    add(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='image or video, path or http(s) address; folder; pattern; 0 or another number, a '
        'camera; - reads inputs from standard input, one per line',
    )
    add('--recursive', action='store_true', help='read the folders in folders')
    add_inference(parser)
    add(
        '--out',
        type=folder,
        default='results',
        metavar='DIR',
        help='folder for the results (results)',
    )
    add('--resume', action='store_true', help='skip what has whole files in --out from before')
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
    add(
        '--save',
        default=DEFAULT_FORMATS,
        help=f'some of {", ".join(ALL_FORMATS)} ({DEFAULT_FORMATS})',
    )
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
    """Infer; exit status 1 if an image or a box could not be used, 2 if nothing could be done, 130
    after Ctrl-C."""
    from mroi_plugin.utils.errors import report_user_errors

    try:
        with report_user_errors():
            return _infer(args)
    except _AtOnceError:
        print('mroi infer: interrupted', file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(130)


class _AtOnceError(KeyboardInterrupt):
    """The second Ctrl-C: no thread is waited for, one of which may read from a slow server."""


@contextmanager
def _stop_on_interrupt() -> Iterator[Event]:
    """An event that the first Ctrl-C sets; the second ends the run, see `_AtOnceError`."""
    stop = Event()

    def handle(*_: Any) -> None:
        if stop.is_set():
            raise _AtOnceError
        stop.set()
        print('finishing what is begun; Ctrl-C again stops at once', file=sys.stderr)

    if current_thread() is not main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _half_of_the_cores() -> Iterator[None]:
    """OpenCV, which finds people and cuts them out, leaves cores to the network beside it."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(max(1, before // 2))
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _settings(args: argparse.Namespace, formats: list[str], config: str) -> dict[str, Any]:
    """What the files of an image depend on; ``formats`` are those of its files, ``config`` the
    digest of the model's."""
    from mroi_plugin.apis.run_record import stamp

    given = {name: getattr(args, name) for name in (*SETTINGS, *FILES)}
    given['save'] = ','.join(formats)
    given['model'] = [args.model, config]
    return {
        name: [value, *stamp(value)] if name in FILES and value else value
        for name, value in given.items()
    }


def _formats(args: argparse.Namespace) -> list[str]:
    formats = [name.strip() for name in args.save.split(',') if name.strip()]
    check_formats(formats, ALL_FORMATS)
    return formats


def _with_stdin(inputs: list[str]) -> list[str]:
    """The inputs, those of standard input in the place of ``-``."""
    found = []
    if '' in inputs:
        raise ValueError("INPUT '': expected a path, a pattern, an address or a camera.")
    for name in inputs:
        lines = _lines_of_stdin() if name == '-' else [name]
        found += [line for line in lines if line]
    if not found:
        raise ValueError('-: standard input has no line; expected one input per line.')
    return found


def _lines_of_stdin() -> list[str]:
    """Of names of files in any encoding, as `os.listdir` gives them."""
    return [os.fsdecode(line.rstrip(b'\r')) for line in sys.stdin.buffer.read().split(b'\n')]


def _infer(args: argparse.Namespace) -> int:
    from mroi_plugin.apis.detectors.given_boxes import GivenBoxes
    from mroi_plugin.apis.inputs import count_images
    from mroi_plugin.apis.run_record import RunRecord
    from mroi_plugin.apis.saving import OF_RUN, Saver
    from mroi_plugin.apis.summary import Summary
    from mroi_plugin.structures.coco_file import write_coco
    from mroi_plugin.structures.rig import rig_of

    formats = _formats(args)
    if args.side_view and 'overlay' not in formats:
        raise ValueError('--side-view: it is part of overlays, add overlay to --save.')
    if args.resume and 'coco' in formats:
        raise ValueError(
            '--resume: results_coco.json is of a whole run; leave coco out of --save to go on.'
        )
    of_run = os.path.realpath(os.path.join(args.out, f'{OF_RUN}.json'))
    if 'coco' in formats and args.boxes and os.path.realpath(args.boxes) == of_run:
        raise ValueError(f'--boxes {args.boxes} would be overwritten: give another --out.')
    inputs = _with_stdin(args.inputs)
    boxes = None if args.boxes is None else GivenBoxes(args.boxes)
    keep_images = 'overlay' in formats
    model = build_inferencer(args, keep_images)
    args.checkpoint = model.checkpoint
    per_input = [name for name in formats if name != 'coco']
    rig = rig_of(model.model.body_model)
    record = RunRecord(args.out, _settings(args, per_input, model.config_digest), args.resume)
    saver = Saver(args.out, per_input, rig, args.side_view, record)
    summary = Summary(keep='coco' in formats)
    with _stop_on_interrupt() as stop, _half_of_the_cores():
        results = model(
            inputs,
            boxes,
            args.focal_length,
            args.cameras,
            args.recursive,
            smooth=not args.no_smooth,
            skip=record.leave_out if args.resume else None,
            stop=stop,
        )
        _save_all(results, count_images(inputs, args.recursive), saver, summary, stop)
    if 'coco' in formats:
        summary.files.append(write_coco(summary.kept, saver.folder / f'{OF_RUN}.json'))
    summary.done_before = record.left_out
    if 'bvh' in formats and summary.files and not summary.followed:
        summary.notes.append('no .bvh was written: it is the motion of people in videos')
    whole = not (args.resume or stop.is_set())
    if boxes is not None:
        summary.notes += boxes.report(whole)
    status = summary.show(saver.folder, stopped=stop.is_set())
    return 1 if whole and boxes is not None and not boxes.used else status


def _save_all(results: Any, total: int | None, saver: Any, summary: Any, stop: Event) -> None:
    from mroi_plugin.apis.saving import SAVING_ERRORS
    from mroi_plugin.utils.progress import progress_bar

    try:
        with progress_bar() as progress:
            for result in progress.track(results, total=total, description='images'):
                try:
                    files = saver.save(result)
                except SAVING_ERRORS as error:
                    summary.fail(result.name, f'no file was written: {error}')
                    continue
                summary.add(result, files)
            for task in progress.tasks:
                progress.update(task.id, total=task.completed)
        summary.files += saver.close(stopped=stop.is_set())
        for video, problem in saver.problems:
            summary.fail(video, problem)
    except ValueError:  # of what is given: the video up to here is whole
        saver.close(stopped=True)
        raise
    finally:
        saver.discard()
