"""One training of a table: ``python -m mroi_plugin.analysis.ablation.train_one FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Train, going on from the folder's last checkpoint, and test person by person."""
    import torch

    from mroi_plugin.analysis.ablation.runs import load_run, options_of, planned_threads
    from mroi_plugin.apis.test import test
    from mroi_plugin.apis.train import train_once
    from mroi_plugin.utils.errors import report_user_errors

    folder = Path(sys.argv[1])
    with report_user_errors():
        run = load_run(folder)
        # Set and not left to the environment: MKL may otherwise take fewer threads than told.
        torch.set_num_threads(planned_threads(folder))
        test_interrupted_epoch(folder, run.row, options_of(run))
        last = train_once(run.row, str(folder), options_of(run), run.epochs)
        out = str(folder / 'metrics.json')
        test(run.row, last, out, str(folder / 'test'), options=options_of(run))


def test_interrupted_epoch(folder: Path, config: str, options: list[str]) -> None:
    """Test the last checkpoint if the run ended between writing and testing it.

    Writes ``epoch_<n>.json``; does nothing if there is no checkpoint or its errors are known.
    """
    from mroi_plugin.analysis.ablation.runs import read_errors
    from mroi_plugin.apis.test import test
    from mroi_plugin.engine.resume import latest_checkpoint

    last = latest_checkpoint(str(folder))
    if last is None or int(Path(last).stem.split('_')[-1]) in read_errors(folder)['epochs']:
        return
    out = str(Path(last).with_suffix('.json'))
    test(config, last, out, str(folder / 'interrupted'), options=options)


if __name__ == '__main__':
    main()
