"""What is wrong with an annotation file, said with file, key and sample."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ON_SUSPECT = ('error', 'drop', 'keep')
"""What to do with samples that contradict themselves: refuse the file, leave them out, or keep
them."""
MIN_SHARE = 0.1
"""Share of persons from which on a finding about the form of a whole file is a problem: fewer may
look like it by chance, or are annotated badly."""


class AnnotationError(ValueError):
    """An annotation file that cannot be used as it is."""


@dataclass(frozen=True)
class Finding:
    """Samples of one key that contradict the rest of the file.

    Args:
        key: key of the file.
        samples: indices of the persons, ascending.
        problem: what was found, what was expected, what to do.
        judged: number of persons that were looked at, where the finding is about the form of the
            whole file; None where every sample contradicts itself for certain.
    """

    key: str
    samples: np.ndarray
    problem: str
    judged: int | None = None

    @property
    def rare(self) -> bool:
        """Whether so few persons look like it that the form of the file is not to blame."""
        return self.judged is not None and len(self.samples) < MIN_SHARE * self.judged

    def describe(self, path: str, image_paths: Sequence[str]) -> str:
        """One line that names the file, the key and the first sample."""
        first = int(self.samples[0])
        return (
            f'{path}: {self.key} of {len(self.samples)} of {len(image_paths)} samples '
            f'{self.problem} The first is sample {first} ({image_paths[first]}).'
        )


def findings_of(
    key: str, suspect: np.ndarray, problem: str, judged: np.ndarray | None = None
) -> list[Finding]:
    """No finding or one.

    Args:
        key: key of the file.
        suspect: (N) which samples are concerned.
        problem: see `Finding`.
        judged: (N) which samples were looked at, if the finding is about the form of the file.
    """
    samples = np.flatnonzero(suspect)
    count = None if judged is None else int(np.sum(judged))
    return [Finding(key, samples, problem, count)] if len(samples) else []


def refused(findings: Sequence[Finding], on_suspect: str) -> bool:
    """Whether a file with these findings is not taken: one is not rare, and ``on_suspect`` is
    ``error``."""
    return on_suspect == 'error' and not all(finding.rare for finding in findings)


def decide(
    path: str, image_paths: Sequence[str], findings: Sequence[Finding], on_suspect: str
) -> np.ndarray:
    """Which samples to keep; what is found and kept is said in a warning.

    Args:
        path: the file.
        image_paths: of all N samples.
        findings: what the checks found.
        on_suspect: one of `ON_SUSPECT`.

    Returns:
        (N) True where a sample stays.

    Raises:
        AnnotationError: if the file is `refused`, or if no sample would be left.
    """
    keep = np.ones(len(image_paths), bool)
    if refused(findings, on_suspect):
        lines = '\n'.join(finding.describe(path, image_paths) for finding in findings)
        raise AnnotationError(f'{lines}\nFix them, or see --on-suspect to drop or keep them.')
    for finding in findings:
        if on_suspect == 'drop':
            keep[finding.samples] = False
        else:
            warnings.warn(f'{finding.describe(path, image_paths)} Kept.', stacklevel=2)
    if not keep.any():
        raise AnnotationError(f'{path}: every sample is suspect, nothing would be left.')
    return keep
