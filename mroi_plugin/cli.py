"""The command ``mroi``: one subcommand per job, each in a module of its own."""

from __future__ import annotations

import argparse
from importlib import import_module

COMMANDS = {
    'infer': ('mroi_plugin.inference.command', 'meshes of the persons in photos and videos'),
    'export': ('mroi_plugin.onnx_export.command', 'a trained network as an ONNX file'),
    'report': ('mroi_plugin.reports.command', 'one web page about one or several runs'),
}
"""Modules with ``add_arguments(parser)`` and ``run(args) -> exit status``; they import torch no
earlier than in ``run``."""


def main(arguments: list[str] | None = None) -> int:
    """Run ``mroi`` with the given arguments, the process's by default; returns the exit status."""
    parser = argparse.ArgumentParser(prog='mroi', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, (module, summary) in COMMANDS.items():
        command = import_module(module)
        options = commands.add_parser(name, help=summary, description=command.__doc__)
        command.add_arguments(options)
        options.set_defaults(run=command.run)
    args = parser.parse_args(arguments)
    return args.run(args)


if __name__ == '__main__':
    raise SystemExit(main())
