"""Names in a checkpoint that asks for more than plain data, without unpickling it."""

from __future__ import annotations

import pickletools
import re
import zipfile

PARAMETER = re.compile(r'[\w.]+\.(?:weight|bias)')


def unread_names(path: str) -> list[str]:
    """Names of parameters among the strings of a file of ``torch.save``; nothing is executed.

    Returns:
        The names in their order, without prefixes removed; none where the file is no zip file or is
        damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith('data.pkl')]
            operations = pickletools.genops(archive.read(pickles[0]))
            strings = [value for _, value, _ in operations if isinstance(value, str)]
    except (OSError, IndexError, ValueError, zipfile.BadZipFile):
        return []
    return [name for name in dict.fromkeys(strings) if PARAMETER.fullmatch(name)]
