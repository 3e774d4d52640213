"""What of a folder of results is done and which files are results, so that a run can go on where it
was stopped, and that nothing else is overwritten."""

from __future__ import annotations

import glob
import json
import os
import os.path as osp
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mroi_plugin.utils.atomic_files import write_atomically
from mroi_plugin.utils.json_lines import read_json_lines

RECORD = '.infer_record.jsonl'


class RunRecord:
    """The images and videos that a folder has results of, one line of JSON each in `RECORD`.

    The first line is the settings that the files depend on. A source that is begun has a ``stem``,
    one whose files are whole has ``files`` and the ``stamp`` of when it was read.

    Args:
        folder: of the results; it is made.
        settings: of this run, as JSON holds them.
        resume: what is recorded as whole counts; else only the names of its files do.

    Raises:
        ValueError: if what is to be continued was made with other settings.
    """

    def __init__(self, folder: str, settings: Mapping[str, Any], resume: bool = False) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / RECORD
        self.left_out = 0
        before, self._known = _read(self.path)
        if resume and self._known:
            _check_settings(before, settings, folder)
        if not resume:
            self._known = {
                source: {name: value for name, value in line.items() if name != 'stamp'}
                for source, line in self._known.items()
                if self._remains(line)
            }
        text = ''.join(f'{json.dumps(line)}\n' for line in (dict(settings), *self._known.values()))
        write_atomically(text.encode(), self.path)

    def _remains(self, line: Mapping[str, Any]) -> bool:
        """Whether there is still a file of a source."""
        if 'files' in line:
            return any(map(self._is_file, line['files']))
        return bool(glob.glob(f'{glob.escape(str(self.folder / line["stem"]))}[._]*'))

    def _is_file(self, name: str) -> bool:
        return (self.folder / name).is_file()

    @property
    def stems(self) -> dict[str, str]:
        """Of the files of what was begun before, by its path or address."""
        return {source: line['stem'] for source, line in self._known.items()}

    def leave_out(self, source: str) -> bool:
        """Whether the files of a source are there and whole, and it has not changed since; such are
        counted in ``left_out``."""
        line = self._known.get(_key(source), {})
        done = line.get('stamp') == stamp(source) and all(map(self._is_file, line.get('files', ())))
        self.left_out += done
        return done

    def stem_of(self, source: str) -> str | None:
        """Stem of the files of a source that was begun before, though it may have changed since."""
        return self._known.get(_key(source), {}).get('stem')

    def begin(self, source: str, stem: str) -> None:
        """Record that files which begin with a stem are of a source."""
        if _key(source) not in self._known:
            self._append({'source': _key(source), 'stem': stem})

    def add(self, source: str, stem: str, files: Collection[str]) -> list[str]:
        """Record that the files of a source are whole; returns those that it had before, and has no
        more.

        Args:
            source: path or address of an image or a video.
            stem: that the files begin with.
            files: their names.
        """
        before = self._known.get(_key(source), {}).get('files', ())
        entry = {'source': _key(source), 'stem': stem, 'files': list(files)}
        self._append({**entry, 'stamp': stamp(source)})
        now = set(files)
        return [name for name in before if name not in now and osp.basename(name) == name]

    def _append(self, line: dict[str, Any]) -> None:
        self._known[line['source']] = line
        with self.path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')


def result_names(folder: str) -> set[str]:
    """Names of the files in a folder that are results."""
    _, known = _read(Path(folder) / RECORD)
    return {
        name
        for line in known.values()
        for name in (
            *line.get('files', ()),
            *(f'{line["stem"]}_overlay{end}' for end in ('.jpg', '.mp4')),
        )
    }


def _read(path: Path) -> tuple[dict[str, Any] | None, dict[str, dict[str, Any]]]:
    """The settings of a record, None if that line is damaged, and the last line of each source."""
    lines = list(read_json_lines(path)) if path.is_file() else []
    sources = [line for line in lines if 'source' in line and 'stem' in line]
    settings = lines[0] if lines and 'source' not in lines[0] else None
    return settings, {line['source']: line for line in sources}


def _check_settings(
    before: Mapping[str, Any] | None, settings: Mapping[str, Any], folder: str
) -> None:
    if before is None:
        raise ValueError(
            f'--resume: {osp.join(folder, RECORD)} has lost its first line, the options that these '
            'results were made with: leave out --resume, or give another --out.'
        )
    differ = [key for key, value in settings.items() if before.get(key) != value]
    if differ:
        raise ValueError(
            f'--resume: {folder} was made with '
            f'{", ".join(f"{key}={before.get(key)}" for key in differ)}, now '
            f'{", ".join(f"{key}={settings[key]}" for key in differ)}: give the same options, '
            'or another --out.'
        )


def _key(source: str) -> str:
    return source if '://' in source else osp.abspath(source)


def stamp(source: str) -> list[int]:
    """Size and time of change of a file; nothing of an address."""
    try:
        status = os.stat(source)
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]
