"""Errors of a sample, named with its file and index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def require(sample: Mapping[str, Any], name: str, step: str, giver: str) -> None:
    """Refuse a pipeline in which a step comes without the one it builds on.

    Args:
        sample: as it comes to the step.
        name: what the step reads.
        step: the step.
        giver: the step that sets it.

    Raises:
        ValueError: naming both steps.
    """
    if name not in sample:
        raise ValueError(
            f'pipeline: {step} finds no {name!r} in the sample; put {giver} before it.'
        )


class InvalidSampleError(ValueError):
    """A sample that cannot be trained on or tested."""

    @classmethod
    def of(cls, sample: Mapping[str, Any], problem: str) -> InvalidSampleError:
        """The error of one sample.

        Args:
            sample: its ``image_path``, ``sample_idx`` and ``ann_file`` are named; nothing if it is
                empty, where the caller names the image.
            problem: what was found, what was expected, what to do.
        """
        if not sample:
            return cls(problem)
        where = f'{sample.get("image_path", "?")} (sample {sample.get("sample_idx", "?")}'
        where += f' of {sample["ann_file"]})' if sample.get('ann_file') else ')'
        return cls(f'{where}: {problem}')
