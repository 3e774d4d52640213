"""Values that a user gives by the names of images, found by the end of their paths."""

from __future__ import annotations

import os.path as osp
import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.apis.video_stages import video_of
from mroi_plugin.utils.names import list_some

FRAME = re.compile(r'(?P<video>.*)#(?P<number>\d{1,18})')
NUMBER = re.compile(r'(?:COCO_[a-z]+\d{4}_)?0*(?P<number>[0-9]{1,18})')
"""A stem that is the id of an image, in the style of COCO: 000000000139."""
EXACT, STEM, IDENTITY = 2, 1, 0


class NamedValues:
    """Values by the names of images and videos; the longest end of a path wins.

    A name is a path or its end, ``folder/a.jpg`` or ``a.jpg``, of either system; the file's name
    may lack its extension or, in the style of COCO, be its number: 139 of ``000000000139.jpg``.
    ``video.mp4`` is all frames of a video, ``video.mp4#12`` the frame of this number, which goes
    first. A name with a folder never meets an image of another folder; that of an absolute path
    which is not on this machine must at least agree in the last folder.

    Args:
        values: by name.
        what: how errors call them.

    Raises:
        ValueError: if a name is there twice.
    """

    def __init__(self, values: Mapping[Any, Any], what: str) -> None:
        self.values = {str(name): value for name, value in values.items()}
        self.what = what
        if len(self.values) < len(values):
            twice = Counter(map(str, values)).most_common(1)[0][0]
            raise ValueError(f'{what}: {twice!r} is there as a number and as a text: drop one.')
        self._taken: dict[str, str] = {}
        self._by_file: dict[tuple[Any, int | None], list[str]] = defaultdict(list)
        for name in self.values:
            self._list(name, name, None)
            frame = FRAME.fullmatch(name)
            if frame:
                self._list(name, frame['video'], int(frame['number']))

    def _list(self, name: str, path: str, frame: int | None) -> None:
        file = (_parts(path) or [''])[-1]
        self._by_file[file, frame].append(name)
        if file.isascii() and file.isdigit() and len(file) <= 18:
            self._by_file[int(file), frame].append(name)

    def of(self, image: InputImage) -> Any:
        """The value of an image; None if there is none. Raises what `name_of` does."""
        name = self.name_of(image)
        return None if name is None else self.values[name]

    def name_of(self, image: InputImage) -> str | None:
        """The name that an image is given by; None if there is none.

        Raises:
            ValueError: if two names fit the image equally well, or a name fits two images.
        """
        path, frame = image.name, None
        if image.frame is not None:
            path, frame = video_of(image), image.frame
        found = self._candidates(path, frame) or (
            self._candidates(path, None) if frame is not None else []
        )
        if not found:
            return None
        best = max(rank for rank, _ in found)
        names = [name for rank, name in found if rank == best]
        if len(names) > 1:
            raise ValueError(
                f'{self.what}: {names[0]!r} and {names[1]!r} fit the image {image.name} equally '
                'well: drop one, or name them by more of their folders.'
            )
        place = osp.abspath(path)
        taken = self._taken.setdefault(names[0], place)
        if taken != place:
            raise ValueError(
                f'{self.what}: {names[0]!r} fits two images, {taken} and {place}: name them by '
                'more of their folders.'
            )
        return names[0]

    def _candidates(self, path: str, frame: int | None) -> list[tuple[tuple[int, ...], str]]:
        """Names that fit a path, with the folders in common, whether those are all that the name
        has, and the kind of agreement of the file."""
        here = _parts(osp.abspath(path))
        number = NUMBER.fullmatch(osp.splitext(here[-1])[0])
        files = {
            here[-1]: EXACT,
            osp.splitext(here[-1])[0]: STEM,
            **({int(number['number']): IDENTITY} if number else {}),
        }
        best: dict[str, tuple[int, ...]] = {}
        for file, kind in files.items():
            for name in self._by_file.get((file, frame), ()):
                common, whole = _common_folders(name, here)
                rank = (common, whole, kind)
                if whole or (common and _is_elsewhere(name)):
                    best[name] = max(best.get(name, rank), rank)
        return [(rank, name) for name, rank in best.items()]

    def moved(self) -> list[str]:
        """Absolute paths that are not on this machine and have met an image by their end."""
        return [name for name in self._taken if _is_elsewhere(name)]

    def unused(self) -> list[str]:
        """Names that have met no image."""
        return [name for name in self.values if name not in self._taken]

    def unused_note(self) -> str:
        """How many names have met no image, and the first of them; empty if all have."""
        unused = self.unused()
        told = f'{len(unused)} of {len(self.values)} names meet no image: {list_some(unused)}.'
        return told if unused else ''


def _parts(path: str) -> list[str]:
    """Folders and file, accents as one character each: macOS has them as two."""
    path = posixpath.normpath(unicodedata.normalize('NFC', path).replace('\\', '/'))
    return [part for part in path.split('/') if part not in ('', '.', '..')]


def _common_folders(name: str, here: list[str]) -> tuple[int, bool]:
    """Folders at the end of a name that are those of a path, and whether the name has no other."""
    folders = _parts(name)[:-1]
    common = 0
    for ours, theirs in zip(reversed(folders), reversed(here[:-1])):
        if ours != theirs:
            break
        common += 1
    return common, common == len(folders)


def _is_elsewhere(name: str) -> bool:
    """Whether it is an absolute path that this machine does not have."""
    return bool(re.match(r'/|\\|[A-Za-z]:', name)) and not osp.exists(name)
