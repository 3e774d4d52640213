"""A trained network as an ONNX file, compared with torch there and then."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi export``."""
    add = parser.add_argument
    add('config', help='config file of the model')
    add('checkpoint', help='checkpoint of that config')
    add('out', metavar='OUT.onnx', help='file to write; OUT.json says how far it is from torch')
    add('--body', action='store_true', help='with the body: vertices and joints')
    add('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries')


def run(args: argparse.Namespace) -> int:
    """Export; exit status 2 with one message if it cannot be done."""
    import json
    from dataclasses import asdict
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from mroi_plugin.engine import report_user_errors
    from mroi_plugin.reliability.whole_files import whole_file

    with report_user_errors():
        from mroi_plugin.onnx_export.export import export

        found = export(args.config, args.checkpoint, args.out, args.body, tuple(args.cfg_options))
    table = Table(title='onnxruntime against torch')
    for column in ('output', 'largest difference', 'allowed'):
        table.add_column(column, justify='left' if column == 'output' else 'right')
    for item in found:
        table.add_row(item.what, f'{item.error:.2g} {item.unit}', f'{item.limit:.2g}')
    Console().print(table)
    report = Path(args.out).with_suffix('.json')
    with whole_file(report) as part:
        part.write_text(json.dumps([asdict(item) for item in found], indent=2) + '\n')
    print(f'wrote {args.out} and {report}')
    return 0
