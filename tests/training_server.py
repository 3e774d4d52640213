"""Trains in forks of a process that has imported everything, and kills them where it is told to.

Each line of stdin is a request, ``{"config", "work_dir", "resume", "kill": [place, count]}``; the
answers are the process id and, when it has ended, its exit status.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import torch
from mmengine.runner import Runner

from mroi_plugin import apis
from mroi_plugin.datasets.transforms.loading import LoadImage
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.utils.errors import report_user_errors


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    signal.pause()


def at_call(count, function, process):
    """``function``, but the process is killed at the given call, counted from 1."""
    calls = 0

    def counted(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == count:
            kill(process)
        return function(*args, **kwargs)

    return counted


def half_written(count, process):
    """``Path.write_bytes``, but at the given call half is written when the process is killed."""
    whole, calls = Path.write_bytes, 0

    def write_bytes(path, content):
        nonlocal calls
        calls += 1
        if calls == count:
            whole(path, content[: len(content) // 2])
            kill(process)
        return whole(path, content)

    return write_bytes


def kill_after_checkpoint(count, process):
    """Have a process killed at the given visit to a hook after the first checkpoint of an epoch."""
    move, visits = os.replace, 0

    def call_hook(runner, name, **given):
        nonlocal visits
        for hook in runner._hooks:
            visits += 1
            if visits == count:
                kill(process)
            if hasattr(hook, name):
                getattr(hook, name)(runner, **given)

    def replace(source, target):
        move(source, target)
        if os.path.basename(target) == 'epoch_1.pth':
            if count == 0:
                kill(process)
            Runner.call_hook = call_hook

    os.replace = replace


def arm(place, count):
    """Have this process killed at the given visit to a place of the training."""
    me = os.getpid()
    if place == 'loader':
        LoadImage.__call__ = at_call(count, LoadImage.__call__, me)
    elif place == 'step':
        torch.optim.Adam.step = at_call(count, torch.optim.Adam.step, me)
    elif place == 'move':
        os.replace = at_call(count, os.replace, me)
    elif place == 'epoch':
        kill_after_checkpoint(count, me)
    elif place == 'write':
        Path.write_bytes = half_written(count, me)
    else:
        raise ValueError(place)


def train(request):
    log = os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, 1)
    error = os.open(request['work_dir'] + '.err', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(error, 2)
    os.setpgid(0, 0)
    if request['kill']:
        arm(*request['kill'])
    resume = 'auto' if request['resume'] else None
    with report_user_errors():
        apis.train(request['config'], request['work_dir'], resume=resume)


def main():
    torch.set_num_threads(1)
    load_mmhuman3d()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                train(json.loads(line))
            except BaseException as error:
                os.write(2, repr(error).encode())
                os._exit(1)
            os._exit(0)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == '__main__':
    main()
