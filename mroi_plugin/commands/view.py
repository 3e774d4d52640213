"""Results of mroi infer, or images and videos, in an interactive 3D viewer in the browser."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from mroi_plugin.commands.options import add_inference, build_inferencer, port


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi view``."""
    add = parser.add_argument
    add(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='.npz of mroi infer, or a folder of these; or image, video, folder, pattern, which '
        'are inferred first',
    )
    add_inference(parser)
    add('--port', type=port, default=8080, help='of the page (8080); the next free one if in use')
    add('--no-browser', action='store_true', help='only print the address')


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.utils.extras import import_extra

        import_extra('viser', 'viewer')
        frames = _frames(args)
        from mroi_plugin.visualization.viewer import Viewer

        viewer = Viewer(frames, args.port)
    people = sum(len(frame.result.instances) for frame in frames)
    print(f'{people} people in {len(frames)} images at {viewer.url} (Ctrl-C ends it)', flush=True)
    if not args.no_browser:
        import webbrowser

        webbrowser.open(viewer.url)
    viewer.run()
    return 0


def _body(args: argparse.Namespace) -> Any:
    """The body of the model, whose results clips are."""
    from mroi_plugin.engine.config import load_config
    from mroi_plugin.engine.model_builder import plugin_scope
    from mroi_plugin.registry import MODELS

    with plugin_scope():
        return MODELS.build(load_config(args.model, options=args.cfg_options).model.body_model)


def _frames(args: argparse.Namespace) -> list[Any]:
    """What to show."""
    from mroi_plugin.apis.result_pictures import keep_picture, read_pictures, result_files

    files = {path: result_files(path) for path in args.inputs}
    results = [file for found in files.values() for file in found]
    frames = list(read_pictures(results, lambda: _body(args)))
    images = [path for path, found in files.items() if not found]
    if images:
        from mroi_plugin.apis.inputs import count_images
        from mroi_plugin.utils.progress import track

        model = build_inferencer(args)
        for result in track(model(images), 'images', count_images(images), quiet=False):
            if result.error is None:
                frames.append(keep_picture(result))
            else:
                print(f'{result.name}: {result.error}', file=sys.stderr)
    if not frames:
        raise ValueError(f'{", ".join(args.inputs)}: nothing to show.')
    return frames
