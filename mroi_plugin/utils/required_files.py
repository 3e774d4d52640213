"""Files that must exist, reported together."""

from __future__ import annotations

import os
import os.path as osp
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class RequiredFile:
    """A file or folder that something needs.

    Args:
        path: where it is looked for.
        config_key: what names it, e.g. ``model.body_model.model_path``.
        hint: what to do if it is missing.
    """

    path: str | os.PathLike[str]
    config_key: str
    hint: str


class MissingFilesError(FileNotFoundError):
    """All files that are missing, with the config key that names each and what to do."""


def require_files(items: Iterable[RequiredFile]) -> None:
    """Check that all files exist.

    Raises:
        MissingFilesError: naming every missing one.
    """
    missing = [item for item in items if not osp.exists(item.path)]
    if missing:
        lines = [f'  {m.path}\n    named by {m.config_key}; {m.hint}' for m in missing]
        count = '1 file is' if len(missing) == 1 else f'{len(missing)} files are'
        raise MissingFilesError(f'{count} missing:\n' + '\n'.join(lines))
