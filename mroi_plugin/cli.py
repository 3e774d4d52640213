"""The command ``mroi``: one verb per job, each in a module of its own."""

from __future__ import annotations

import argparse
import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from mroi_plugin.version import __version__

COMMANDS = {
    'train': 'train a config',
    'test': 'test a checkpoint on the test set of a config',
    'infer': 'meshes of the people in images and videos',
    'view': 'results, images or videos in an interactive 3D viewer in the browser',
    'demo': 'a web page to drop images and videos on',
    'export': 'a trained network as an ONNX file',
    'report': 'one web page about one or several trainings or tests',
    'compare': 'several methods on one test set: errors, size, speed, memory',
    'ablate': "the papers' ablations: a group of configs with equal budget",
    'check-data': 'check every file that a config needs',
    'import-annotations': 'annotation files of other formats to HumanData',
    'complete-annotations': 'add SMPL joints, translations and cameras to a HumanData file',
    'convert-checkpoint': 'weights of other projects for a config',
    'make-data': 'render the synthetic data set, without downloads',
    'configs': 'list the shipped configs',
}
"""What each verb does. ``mroi_plugin.commands`` has a module for each, with
``add_arguments(parser)`` and ``run(args) -> exit status``, or ``forward(arguments)`` for a verb
whose options are a script's own; they import torch no earlier than in these."""

COLLECT_AFTER = 50_000


def main(arguments: list[str] | None = None) -> int:
    """Run ``mroi`` with the given arguments, the process's by default; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] not in COMMANDS:
        return _overview(arguments)
    verb, *rest = arguments
    command = import_module(f'mroi_plugin.commands.{verb.replace("-", "_")}')
    if hasattr(command, 'forward'):
        return command.forward(rest)
    parser = argparse.ArgumentParser(prog=f'mroi {verb}', description=command.__doc__)
    command.add_arguments(parser)
    atexit.register(gc.freeze)  # or Python looks for garbage among all of torch before it exits
    try:
        with _rare_collections():
            return command.run(parser.parse_args(rest))
    except KeyboardInterrupt:
        print(f'mroi {verb}: interrupted', file=sys.stderr)
        return 130


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Garbage is collected after `COLLECT_AFTER` new objects.

    A million of those that torch and mmengine make when they are imported stay; after every 700,
    as is Python's default, they are gone through in vain, for a seventh of the time to start.
    """
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _overview(arguments: list[str]) -> int:
    """``mroi --help``, or the error of an unknown verb."""
    parser = argparse.ArgumentParser(
        prog='mroi',
        description='Multi-RoI human mesh recovery. Options of a verb: mroi VERB --help.',
    )
    parser.add_argument('--version', action='version', version=f'mroi_plugin {__version__}')
    verbs = parser.add_subparsers(dest='verb', required=True, metavar='VERB')
    for name, summary in COMMANDS.items():
        verbs.add_parser(name, help=summary)
    parser.parse_args(arguments)
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
