"""What a folder of synthetic data holds: recognized when complete, refused when different."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mroi_plugin.utils.atomic_files import remove_parts, write_json

VERSION = 4
"""Version of the generator; raise it whenever the same seed gives other bytes."""

PART_IMAGES = 100
"""Images whose annotations are written at a time, before those of a split are put together."""
FOLDER_IMAGES = 1000

_NAMES = re.compile(r'(\d{6}\.jpg|(train|test)_\d{6}\.npz)')


def body_digest(arrays: dict[str, np.ndarray]) -> str:
    """Return a digest of the arrays of a body model, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f'{name} {array.dtype.str} {array.shape}'.encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the bytes of a data set."""

    seed: int
    train: int
    test: int
    body: str
    stock_images: list[str]
    generator: int = VERSION


@dataclass(frozen=True)
class Layout:
    """Paths of a synthetic data set below its root.

    Attributes:
        root: the data prefix; holds datasets/synthetic/{train,test}, preprocessed_datasets and
            manifest.json.
    """

    root: Path

    @property
    def manifest(self) -> Path:
        """The file that says what the folder holds."""
        return self.root / 'manifest.json'

    def images(self, split: str) -> Path:
        """Folder of the images of a split."""
        return self.root / 'datasets' / 'synthetic' / split

    def annotations(self, split: str) -> Path:
        """HumanData file of a split."""
        return self.root / 'preprocessed_datasets' / f'synthetic_{split}.npz'

    def image_name(self, split: str, index: int) -> str:
        """Path of one image relative to the folder of all images."""
        return f'{split}/{index // FOLDER_IMAGES:03d}/{index:06d}.jpg'

    def image(self, split: str, index: int) -> Path:
        """Path of one image."""
        return self.root / 'datasets' / 'synthetic' / self.image_name(split, index)

    @property
    def parts(self) -> Path:
        """Folder of the annotations of a data set that is being made."""
        return self.root / 'preprocessed_datasets' / 'synthetic_parts'

    def part(self, split: str, start: int) -> Path:
        """Annotations of `PART_IMAGES` images from `start` on."""
        return self.parts / f'{split}_{start:06d}.npz'

    def read(self) -> dict | None:
        """Return the manifest, or None when there is none.

        Raises:
            ValueError: if the file is not a manifest.
        """
        if not self.manifest.is_file():
            return None
        try:
            found = json.loads(self.manifest.read_text())
            return {'recipe': dict(found['recipe']), 'complete': bool(found['complete'])}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f'{self.manifest}: not a manifest of synthetic data ({error!r}); remove the file '
                'or rebuild with --force'
            ) from error

    def write(self, recipe: Recipe, complete: bool) -> None:
        """Write the manifest atomically."""
        write_json(self.manifest, {'recipe': asdict(recipe), 'complete': complete})

    def is_complete(self, recipe: Recipe, splits: dict[str, int]) -> bool:
        """Tell whether the folder holds exactly this data set.

        Raises:
            ValueError: if it holds, or was going to hold, another one.
        """
        found = self.read()
        if found is None:
            return False
        if found['recipe'] != asdict(recipe):
            raise ValueError(
                f'{self.manifest}: the folder holds another data set, {found["recipe"]}, but '
                f'{asdict(recipe)} was asked for; choose another --out or rebuild with --force'
            )
        present = all(self.annotations(s).is_file() for s in splits)
        present &= all(self.image(s, n - 1).is_file() for s, n in splits.items())
        return found['complete'] and present

    def clear_parts(self) -> None:
        """Remove the parts once the annotations of all splits are written."""
        _remove_files(self.parts)

    def clear(self, splits: tuple[str, ...]) -> None:
        """Remove the files of a data set, and nothing else, from the folder."""
        self.manifest.unlink(missing_ok=True)
        self.clear_parts()
        for split in splits:
            self.annotations(split).unlink(missing_ok=True)
            images = self.images(split)
            for folder in sorted(images.iterdir()) if images.is_dir() else ():
                if folder.is_dir():
                    _remove_files(folder)


def _remove_files(folder: Path) -> None:
    """Remove the files of this generator from a folder, and the folder if nothing is left."""
    if not folder.is_dir():
        return
    remove_parts(folder)
    for path in list(folder.iterdir()):
        if _NAMES.fullmatch(path.name):
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
