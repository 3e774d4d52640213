"""Measuring in a process of its own, so that one method's memory is not another's."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

from mroi_plugin.analysis.comparison.methods import Method
from mroi_plugin.utils.child_processes import end_with
from mroi_plugin.utils.errors import UsageError


def measure_isolated(method: Method, report: Any, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """`measure` in a new process.

    Args:
        method: with a checkpoint.
        report: called in this process.
        options: ``KEY=VALUE`` overrides of the config.

    Raises:
        UsageError: with the message of the error in that process.
    """
    context = multiprocessing.get_context('spawn')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, method, options))
    process.start()
    sender.close()
    try:
        while True:
            kind, *content = receiver.recv()
            if kind == 'result':
                return content[0]
            if kind == 'error':
                raise UsageError(f'{method.config}: {content[0]}')
            report(*content)
    except EOFError as error:
        process.join()
        raise UsageError(
            f'{method.config}: its process ended with exit code {process.exitcode}; out of memory?'
        ) from error
    finally:
        process.join(timeout=10)


def _work(sender: Connection, method: Method, options: tuple[str, ...]) -> None:
    end_with(multiprocessing.parent_process().pid)
    from mroi_plugin.analysis.comparison.measure import measure

    try:
        found = measure(method, lambda *news: sender.send(('news', *news)), options)
        sender.send(('result', found))
    except (OSError, KeyError, ValueError, TypeError) as error:
        sender.send(('error', str(error)))
