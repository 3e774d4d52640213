"""Options that several verbs share, under the same names."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from mroi_plugin.utils.output_paths import check_file, check_folder

MAX_PORT = 65535
LAUNCHERS = ('none', 'pytorch', 'slurm')
DETECTORS = {'nanodet': 'NanoDetDetector', 'transformers': 'HuggingFaceDetector'}


def count(text: str) -> int:
    """The value of an option that is a number of things.

    Raises:
        argparse.ArgumentTypeError: if it is no whole number, or below 0.
    """
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'expected a whole number, 0 or more, not {text!r}')
    return int(text)


def folder(text: str) -> str:
    """The value of an option that is a folder to write to, see `check_folder`."""
    return _checked(check_folder, text)


def file(text: str) -> str:
    """The value of an option that is a file to write, see `check_file`."""
    return _checked(check_file, text)


def _checked(check: Callable[[str], None], text: str) -> str:
    try:
        check(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def port(text: str) -> int:
    """The value of ``--port``.

    Raises:
        argparse.ArgumentTypeError: if it is no port that a page can have.
    """
    if not (text.isdecimal() and 1 <= int(text) <= MAX_PORT):
        raise argparse.ArgumentTypeError(f'expected a number from 1 to {MAX_PORT}, not {text!r}')
    return int(text)


def add_config(parser: argparse.ArgumentParser) -> None:
    """The config and ``--cfg-options``."""
    parser.add_argument('config', help='config file, or the name of a shipped one (mroi configs)')
    add_cfg_options(parser)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """The checkpoint of the config."""
    parser.add_argument('checkpoint', help='checkpoint of that config')


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """``--cfg-options KEY=VALUE ...``."""
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )


def add_inference(parser: argparse.ArgumentParser) -> None:
    """The model, the detector and where they run."""
    add_cfg_options(parser)
    add = parser.add_argument
    add('--model', default='mroi_open', help='name or path of a config (mroi_open)')
    add(
        '--checkpoint',
        metavar='FILE',
        help='of that config; else its weights in the package, or the last trained in work_dirs',
    )
    add(
        '--detector',
        default='nanodet',
        help='nanodet, or transformers:MODEL with a folder or name of an object-detection model',
    )
    add('--batch-size', type=int, default=16, help='persons per forward pass')
    add('--device', default='auto', help='of torch')


def inference_options(args: argparse.Namespace) -> dict[str, Any]:
    """Arguments of `Inferencer` for the options of `add_inference`.

    Raises:
        ValueError: for an unknown detector.
    """
    name, _, model = args.detector.partition(':')
    if name not in DETECTORS or bool(model) != (name == 'transformers'):
        raise ValueError(f'--detector {args.detector}: expected nanodet or transformers:MODEL.')
    return {
        'config': args.model,
        'checkpoint': args.checkpoint,
        'device': args.device,
        'detector': {'type': DETECTORS[name], **({'model': model} if model else {})},
        'batch_size': args.batch_size,
        'options': tuple(args.cfg_options),
    }


def build_inferencer(args: argparse.Namespace, keep_images: bool = True) -> Any:
    """The `Inferencer` of `inference_options`; which weights it has is said where none were
    given."""
    from mroi_plugin.apis.inferencer import Inferencer

    model = Inferencer(**inference_options(args), keep_images=keep_images)
    if not args.checkpoint:
        print(f'weights: {model.checkpoint}', file=sys.stderr)
    return model


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """``--launcher``, and the rank that launchers pass."""
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def add_work_dir(parser: argparse.ArgumentParser) -> None:
    """``--work-dir``."""
    parser.add_argument(
        '--work-dir', type=folder, help='folder for logs and checkpoints (work_dirs/CONFIG)'
    )
