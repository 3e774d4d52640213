"""A trained network as an ONNX file, compared with torch there and then."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import add_checkpoint, add_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi export``."""
    add_config(parser)
    add_checkpoint(parser)
    add = parser.add_argument
    add(
        '--out',
        metavar='ONNX',
        help='file to write (CONFIG.onnx); its differences from torch go beside it, as json',
    )
    add('--body', action='store_true', help='with the body: vertices and joints')


def run(args: argparse.Namespace) -> int:
    """Export; exit status 2 with one message if it cannot be done."""
    import json
    from dataclasses import asdict
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from mroi_plugin.utils.atomic_files import write_text
    from mroi_plugin.utils.config_files import config_name
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.deploy.onnx.export import export

        out = args.out or f'{config_name(args.config)}.onnx'
        found = export(args.config, args.checkpoint, out, args.body, tuple(args.cfg_options))
    table = Table(title='onnxruntime against torch')
    for column in ('output', 'largest difference', 'allowed'):
        table.add_column(column, justify='left' if column == 'output' else 'right')
    for item in found:
        table.add_row(item.what, f'{item.error:.2g} {item.unit}', f'{item.limit:.2g}')
    Console().print(table)
    content = json.dumps([asdict(item) for item in found], indent=2) + '\n'
    report = write_text(Path(out).with_suffix('.json'), content)
    print(f'wrote {out} and {report}')
    return 0
