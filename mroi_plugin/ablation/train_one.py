"""``python -m mroi_plugin.ablation.train_one FOLDER``: the training that a folder was made for."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Train, going on from the folder's last checkpoint."""
    from mroi_plugin.ablation.runs import config_path, load_run, options_of
    from mroi_plugin.engine import report_user_errors, train_once

    folder = Path(sys.argv[1])
    with report_user_errors():
        run = load_run(folder)
        test_interrupted_epoch(folder, config_path(run), options_of(run))
        train_once(config_path(run), str(folder), options_of(run), run.epochs)


def test_interrupted_epoch(folder: Path, config: str, options: list[str]) -> None:
    """Test the last checkpoint if the run ended between writing and testing it.

    Writes ``epoch_<n>.json``; does nothing if there is no checkpoint or its errors are known.
    """
    from mmengine.runner import find_latest_checkpoint

    from mroi_plugin.ablation.runs import read_errors
    from mroi_plugin.engine import test

    checkpoint = find_latest_checkpoint(str(folder))
    if checkpoint is None:
        return
    name = Path(checkpoint).stem
    if int(name.split('_')[-1]) not in read_errors(folder)['epochs']:
        work_dir = str(folder / 'interrupted')
        test(config, checkpoint, str(folder / f'{name}.json'), work_dir, options=options)


if __name__ == '__main__':
    main()
