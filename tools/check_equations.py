#!/usr/bin/env python
"""Print the residual of every equation on every device; exit status 1 if one is too large.

The package in float32 against loops over the printed formulas in float64, which are in
``tests/oracles``: it runs from a checkout.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / 'tests'


def main() -> None:
    """Run all checks and print one table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    if not (TESTS / 'oracles').is_dir():
        sys.exit(f'error: {TESTS}/oracles is missing: run this from a checkout of the project.')
    sys.path.insert(0, str(TESTS))
    import torch
    from equations.checks import LIMIT, all_checks
    from equations.encoding import worst_encoding_error
    from rich.console import Console
    from rich.table import Table

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
