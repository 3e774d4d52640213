"""One web page about one or several trainings or tests: tables, charts, pictures, meshes."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi report``."""
    add = parser.add_argument
    add('runs', nargs='+', metavar='RUN_DIR', help='work dir of mroi train or mroi test')
    add(
        '--out',
        type=file,
        default='report.html',
        metavar='HTML',
        help='page to write (report.html)',
    )


def run(args: argparse.Namespace) -> int:
    """Write the page; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.atomic_files import write_text
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.analysis.report.page import build_page
        from mroi_plugin.analysis.report.runs import read_runs

        page = build_page(read_runs(args.runs))
        write_text(args.out, page)
    print(f'wrote {args.out}, {len(page) / 1e6:.1f} MB')
    return 0
