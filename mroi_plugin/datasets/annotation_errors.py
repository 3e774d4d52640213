"""What is wrong with an annotation file, said with file, key and sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ON_SUSPECT = ('error', 'drop', 'keep')
"""What to do with samples that contradict themselves: refuse the file, leave them out, or keep
them."""


class AnnotationError(ValueError):
    """An annotation file that cannot be used as it is."""


@dataclass(frozen=True)
class Finding:
    """Samples of one key that contradict the rest of the file.

    Args:
        key: key of the file.
        samples: indices of the persons, ascending.
        problem: what was found, what was expected, what to do.
    """

    key: str
    samples: np.ndarray
    problem: str

    def describe(self, path: str, image_paths: Sequence[str]) -> str:
        """One line that names the file, the key and the first sample."""
        first = int(self.samples[0])
        return (
            f'{path}: {self.key} of {len(self.samples)} of {len(image_paths)} samples '
            f'{self.problem} The first is sample {first} ({image_paths[first]}).'
        )


def findings_of(key: str, suspect: np.ndarray, problem: str) -> list[Finding]:
    """No finding or one.

    Args:
        key: key of the file.
        suspect: (N) which samples are concerned.
        problem: see `Finding`.
    """
    samples = np.flatnonzero(suspect)
    return [Finding(key, samples, problem)] if len(samples) else []


def decide(
    path: str, image_paths: Sequence[str], findings: Sequence[Finding], on_suspect: str
) -> np.ndarray:
    """Which samples to keep.

    Args:
        path: the file.
        image_paths: of all N samples.
        findings: what the checks found.
        on_suspect: one of `ON_SUSPECT`.

    Returns:
        (N) True where a sample stays.

    Raises:
        AnnotationError: if there is a finding and ``on_suspect`` is ``error``, or if no sample
            would be left.
    """
    keep = np.ones(len(image_paths), bool)
    if findings and on_suspect == 'error':
        lines = '\n'.join(finding.describe(path, image_paths) for finding in findings)
        raise AnnotationError(f'{lines}\nFix them, or see --on-suspect to drop or keep them.')
    if on_suspect == 'drop':
        for finding in findings:
            keep[finding.samples] = False
    if not keep.any():
        raise AnnotationError(f'{path}: every sample is suspect, nothing would be left.')
    return keep
