"""What is wrong with a sample, said with its file and index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class InvalidSampleError(ValueError):
    """A sample that cannot be trained on or tested.

    Args:
        sample: the sample; its ``image_path``, ``ann_file`` and ``sample_idx`` are named.
        problem: what was found, what was expected, what to do.
    """

    def __init__(self, sample: Mapping[str, Any], problem: str) -> None:
        where = f'{sample.get("image_path", "?")} (sample {sample.get("sample_idx", "?")}'
        if sample.get('ann_file'):
            where += f' of {sample["ann_file"]}'
        super().__init__(f'{where}): {problem}')
        self._arguments = (dict(sample), problem)

    def __reduce__(self):  # a worker process hands the error over by pickling its arguments
        keep = ('image_path', 'ann_file', 'sample_idx')
        sample, problem = self._arguments
        return type(self), ({k: sample[k] for k in keep if k in sample}, problem)
