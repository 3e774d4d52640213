"""What of a folder of results is done, so that a run can go on where it was stopped."""

from __future__ import annotations

import json
import os
import os.path as osp
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mroi_plugin.utils.atomic_files import write_atomically
from mroi_plugin.utils.json_lines import read_json_lines

RECORD = '.infer_record.jsonl'


class RunRecord:
    """The images and videos whose files are whole, one line of JSON each in `RECORD`.

    The first line is the settings that the files depend on.

    Args:
        folder: of the results; it is made.
        settings: of this run, as JSON holds them.
        resume: keep what is recorded; else it is forgotten.

    Raises:
        ValueError: if what is to be continued was made with other settings.
    """

    def __init__(self, folder: str, settings: Mapping[str, Any], resume: bool = False) -> None:
        self.path = Path(folder) / RECORD
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.left_out = 0
        known = resume and self.path.is_file()
        lines = list(read_json_lines(self.path)) if known else []
        differ = [k for k, v in settings.items() if lines and lines[0].get(k) != v]
        if differ:
            raise ValueError(
                f'--resume: {folder} was made with '
                f'{", ".join(f"{key}={lines[0].get(key)}" for key in differ)}, now '
                f'{", ".join(f"{key}={settings[key]}" for key in differ)}: give the same options, '
                'or another --out.'
            )
        self._done = {line['source']: line for line in lines[1:]}
        lines = lines or [dict(settings)]
        text = ''.join(f'{json.dumps(line)}\n' for line in lines)
        write_atomically(text.encode(), self.path)

    @property
    def stems(self) -> dict[str, str]:
        """Of the files of what was done before, by its path or address."""
        return {source: line['stem'] for source, line in self._done.items()}

    def leave_out(self, source: str) -> bool:
        """Whether the files of a source are whole, and it has not changed since; such are counted
        in ``left_out``."""
        line = self._done.get(_key(source))
        done = line is not None and line['stamp'] == stamp(source)
        self.left_out += done
        return done

    def stem_of(self, source: str) -> str | None:
        """Stem of the files of a source that was done before, though it may have changed since."""
        return self._done.get(_key(source), {}).get('stem')

    def add(self, source: str, stem: str) -> None:
        """Record that the files of a source, which begin with a stem, are whole."""
        line = {'source': _key(source), 'stem': stem, 'stamp': stamp(source)}
        with self.path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')


def _key(source: str) -> str:
    return source if '://' in source else osp.abspath(source)


def stamp(source: str) -> list[int]:
    """Size and time of change of a file; nothing of an address."""
    try:
        status = os.stat(source)
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]
