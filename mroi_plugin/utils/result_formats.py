"""Names of the formats of results, known before what writes them is imported."""

from __future__ import annotations

from collections.abc import Collection

FORMATS = ('json', 'npz', 'obj', 'ply', 'glb', 'bvh', 'overlay')
"""Of files of an image, a frame, a person or a video."""
RUN_FORMATS = ('coco',)
"""Of one file of a whole run."""


def check_formats(formats: Collection[str], known: Collection[str] = FORMATS) -> None:
    """Refuse formats that are not ``known``.

    Raises:
        ValueError: naming them and those that there are.
    """
    unknown = [name for name in formats if name not in known]
    if unknown:
        raise ValueError(f'--save {",".join(unknown)}: expected some of {", ".join(known)}.')
