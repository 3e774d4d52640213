"""Images and videos of a folder, and what else is in it."""

from __future__ import annotations

import os
import os.path as osp

from mroi_plugin.apis.run_record import RECORD, result_names
from mroi_plugin.apis.videos import VIDEOS
from mroi_plugin.utils.names import list_some

IMAGES = (
    *('.jpg', '.jpeg', '.jfif', '.jpe', '.png', '.bmp', '.dib', '.tif', '.tiff', '.webp', '.gif'),
    *('.jp2', '.j2k', '.heic', '.heif', '.avif', '.ppm', '.pgm', '.tga'),
)
SHOWN = 8
"""Names that a message lists."""


def list_folder(path: str, recursive: bool) -> tuple[list[str], str]:
    """Files of images and videos in the order of their names, and what is skipped, in words.

    Args:
        path: of the folder. Results of earlier runs in it, or in those in it, are skipped.
        recursive: look into the folders in it, except hidden ones and links.

    Returns:
        Paths, and a text that is empty where nothing is skipped.
    """
    found, skipped, results, folders, closed = [], [], [], [], []
    for root, inner, names in os.walk(path, onerror=lambda e: closed.append(str(e.filename))):
        known = result_names(root)
        results += [osp.join(root, name) for name in names if name in known]
        for name in (name for name in names if name not in known and name != RECORD):
            whole = osp.join(root, name)
            usable = name.lower().endswith((*IMAGES, *VIDEOS)) and not name.startswith('.')
            (found if usable and osp.isfile(whole) else skipped).append(whole)
        inside = [n for n in inner if n.startswith('.') or osp.islink(osp.join(root, n))]
        inside = inside if recursive else inner[:]
        folders += [osp.join(root, name) for name in inside]
        inner[:] = [name for name in inner if name not in inside]
    told = []
    if skipped:
        told.append(f'skipped, no images or videos: {_listed(path, skipped)}')
    if results:
        told.append(f'results of earlier runs skipped: {_listed(path, results)}')
    if folders:
        how = '' if recursive else ' (recursive=True or --recursive reads them)'
        told.append(f'folders skipped{how}: {_listed(path, folders)}')
    if closed:
        told.append(f'folders that cannot be read: {_listed(path, closed)}')
    return sorted(found), '; '.join(told)


def _listed(path: str, names: list[str]) -> str:
    return list_some([osp.relpath(name, path) for name in sorted(names)], SHOWN, quoted=False)
