"""Print the residual of every equation on every device; exit status 1 if one is too large."""

from __future__ import annotations

import argparse
import sys
import time


def main() -> None:
    """Run all checks and print one table."""
    argparse.ArgumentParser(
        prog='python -m mroi_plugin.selfcheck', description=__doc__
    ).parse_args()
    import torch
    from rich.console import Console
    from rich.table import Table

    from mroi_plugin.selfcheck.checks import LIMIT, all_checks
    from mroi_plugin.selfcheck.encoding import worst_encoding_error

    devices = [torch.device('cpu')]
    devices += [torch.device('cuda')] if torch.cuda.is_available() else []
    start, failed = time.time(), 0
    table = Table(title=f'float32 against float64 loops, torch {torch.__version__}')
    table.add_column('equation')
    for device in devices:
        table.add_column(f'residual on {device}', justify='right')
    for check in all_checks():
        residuals = [check.residual(device) for device in devices]
        failed += sum(not value <= LIMIT for value in residuals)
        table.add_row(check.name, *(_cell(value, LIMIT) for value in residuals))
    worst = [worst_encoding_error(device) for device in devices]
    failed += sum(not value <= LIMIT for value in worst)
    table.add_row('encoding, worst of 10,000 against exact fractions', *(f'{x:.1e}' for x in worst))
    console = Console()
    console.print(table)
    verdict = f'{failed} too large (limit {LIMIT:.0e})' if failed else f'all below {LIMIT:.0e}'
    console.print(f'{verdict}; {time.time() - start:.1f} s')
    sys.exit(1 if failed else 0)


def _cell(value: float, limit: float) -> str:
    return f'{value:.1e}' if value <= limit else f'[red]{value:.1e}[/red]'


if __name__ == '__main__':
    main()
