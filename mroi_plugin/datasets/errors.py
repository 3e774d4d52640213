"""What is wrong with a sample, said with its file and index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class InvalidSampleError(ValueError):
    """A sample that cannot be trained on or tested."""

    @classmethod
    def of(cls, sample: Mapping[str, Any], problem: str) -> InvalidSampleError:
        """The error of one sample.

        Args:
            sample: its ``image_path``, ``sample_idx`` and ``ann_file`` are named.
            problem: what was found, what was expected, what to do.
        """
        where = f'{sample.get("image_path", "?")} (sample {sample.get("sample_idx", "?")}'
        where += f' of {sample["ann_file"]})' if sample.get('ann_file') else ')'
        return cls(f'{where}: {problem}')
