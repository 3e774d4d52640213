"""List the shipped configs: every name works wherever a config file does."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi configs``."""
    parser.add_argument('pattern', nargs='?', default='*', help='only names like this, e.g. cliff*')
    parser.add_argument('--paths', action='store_true', help='print paths instead of summaries')


def run(args: argparse.Namespace) -> int:
    """Print a line per config; exit status 1 if no name fits."""
    import fnmatch
    import shutil
    import sys
    import textwrap

    from mroi_plugin.utils.config_files import list_configs, summary_of

    found = {n: p for n, p in list_configs().items() if fnmatch.fnmatch(n, args.pattern)}
    width = max(map(len, found), default=0)
    for name, path in found.items():
        line = f'{name:<{width}}  {path if args.paths else summary_of(path)}'
        if sys.stdout.isatty() and not args.paths:
            columns = shutil.get_terminal_size().columns
            line = textwrap.fill(line, columns, subsequent_indent=' ' * (width + 2))
        print(line)
    if not found:
        print(f'no shipped config is named like {args.pattern!r}')
    return 0 if found else 1
