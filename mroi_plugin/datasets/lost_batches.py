"""Batches that a loader process has made and cannot send."""

from __future__ import annotations

import multiprocessing.queues
import os
import re
import traceback
from typing import Any

from torch.utils.data import get_worker_info

ERROR_NUMBER = re.compile(r'\((\d+)\)\s*$')
"""How torch ends what it says of an error of the system."""


def end_on_lost_batch() -> None:
    """Have this process, if it loads data, end when it cannot send a batch.

    Python drops what a queue cannot send, for lack of shared memory or open files, and torch waits
    for that batch for ever. The end of a process it notices. The exit code is the number of the
    system's error, 1 where there is none.
    """
    if get_worker_info() is not None:
        multiprocessing.queues.Queue._on_queue_feeder_error = staticmethod(_end)


def _end(error: Exception, _: Any) -> None:
    traceback.print_exception(type(error), error, error.__traceback__)
    found = ERROR_NUMBER.search(str(error))
    code = getattr(error, 'errno', None) or (int(found.group(1)) if found else 1)
    os._exit(code if 0 < code < 128 else 1)
