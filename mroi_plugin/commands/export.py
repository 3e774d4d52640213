"""A trained network as an ONNX file, compared with torch there and then."""

from __future__ import annotations

import argparse
from typing import Any

from mroi_plugin.commands.options import add_checkpoint, add_config, file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi export``."""
    add_config(parser)
    add_checkpoint(parser)
    add = parser.add_argument
    add(
        '--out',
        type=file,
        metavar='ONNX',
        help='file to write (CONFIG.onnx); its differences from torch go beside it, as json',
    )
    add('--body', action='store_true', help='with the body: vertices, joints and translation')
    add(
        '--from-image',
        action='store_true',
        help='from an image (H, W, 3), boxes (N, 4) and a focal length, cutting the crops inside',
    )
    add('--opset', type=int, default=16, help='version of the standard operators (16)')
    add(
        '--precision',
        choices=('fp32', 'fp16', 'int8'),
        default='fp32',
        help='of the layers with weights; the error of fewer bits is measured (fp32)',
    )


def run(args: argparse.Namespace) -> int:
    """Export; exit status 2 with one message if it cannot be done."""
    from pathlib import Path

    from mroi_plugin.utils.atomic_files import write_json
    from mroi_plugin.utils.config_files import config_name
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.deploy.onnx.export import ExportOptions, export

        out = args.out or f'{config_name(args.config)}.onnx'
        chosen = ExportOptions(args.body, args.from_image, args.opset, args.precision)
        report = export(args.config, args.checkpoint, out, chosen, tuple(args.cfg_options))
    _show(report)
    path = write_json(Path(out).with_suffix('.json'), report.as_dict())
    print(f'wrote {out} ({report.size_mib:.1f} MiB) and {path}')
    return 0


def _show(report: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title='onnxruntime against torch')
    for column in ('output', 'largest difference', 'allowed'):
        table.add_column(column, justify='left' if column == 'output' else 'right')
    for item in report.against_torch:
        table.add_row(item.what, f'{item.error:.2g} {item.unit}', f'{item.limit:.2g}')
    Console().print(table)
    errors = report.against_fp32
    if errors:
        print(
            f'{report.options.precision} against fp32, on images of noise: '
            f'vertices {errors["vertices_mean_mm"]:.2f} mm on average, '
            f'{errors["vertices_max_mm"]:.2f} mm at most; '
            f'translation {errors["translation_mean_mm"]:.2f} and '
            f'{errors["translation_max_mm"]:.2f} mm'
        )
