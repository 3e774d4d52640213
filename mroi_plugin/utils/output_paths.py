"""Places to write to, judged before the work whose results they are for."""

from __future__ import annotations

import os
from pathlib import Path


def check_folder(path: str) -> None:
    """Refuse a folder to write to that cannot be one; it need not be there.

    Raises:
        ValueError: if it has no name, as an unset variable gives, a file is in its place or in that
            of one above it, or nothing may be written there.
    """
    if not path:
        raise ValueError('an empty name, expected that of a folder; the one we are in is .')
    place = Path(path)
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise ValueError(f'{place} is a file, expected a folder')
    if not os.access(place, os.W_OK | os.X_OK):
        raise ValueError(
            f'{place} cannot be written to: choose another folder, or fix its permissions'
        )


def check_file(path: str) -> None:
    """Refuse a file to write that cannot be one; neither it nor its folder need be there.

    Raises:
        ValueError: if a folder or a device is in its place, which a file that appears whole would
            replace, or `check_folder` refuses the one above it.
    """
    if not path or os.path.isdir(path) or path.endswith('/'):
        raise ValueError(f'{path!r} is a folder, expected a file to write')
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(f'{path} is no regular file, expected a file to write')
    check_folder(os.path.dirname(path) or '.')
