"""Methods to compare, and the check that they can be."""

from __future__ import annotations

import os.path as osp
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmengine.config import Config

from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.resume import last_checkpoint
from mroi_plugin.utils.config_files import config_name
from mroi_plugin.utils.config_tree import dictionaries
from mroi_plugin.utils.errors import UsageError


@dataclass(frozen=True)
class Method:
    """A config and the checkpoint to evaluate, None where it has yet to be trained."""

    config: str
    checkpoint: str | None

    @property
    def name(self) -> str:
        """Name of its config."""
        return config_name(self.config)


def parse_methods(
    arguments: Sequence[str], work_dirs: str = 'work_dirs', train: bool = False
) -> list[Method]:
    """``CONFIG[=CHECKPOINT]`` arguments; the default checkpoint is the last in the work dir, or
    with ``train`` none.

    Args:
        arguments: from the command line.
        work_dirs: folder that holds one work dir per config.
        train: whether methods that no checkpoint is given of are to be trained first.

    Raises:
        UsageError: if a config is given twice, or has no checkpoint, or one that is not there.
    """
    methods = []
    for argument in arguments:
        config, _, checkpoint = argument.partition('=')
        if checkpoint and '://' not in checkpoint and not osp.isfile(checkpoint):
            raise UsageError(f'{argument}: there is no such checkpoint.')
        checkpoint = checkpoint or None
        if not (checkpoint or train):
            checkpoint = last_checkpoint(osp.join(work_dirs, config_name(config)))
        if checkpoint is None and not train:
            raise UsageError(
                f'{config}: no checkpoint in {osp.join(work_dirs, config_name(config))}; give '
                f'{config}=CHECKPOINT, or --epochs N to train it first.'
            )
        methods.append(Method(config, checkpoint))
    names = [method.name for method in methods]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f'{", ".join(twice)}: given more than once; rename one of the configs.')
    return methods


def check_same_test(methods: Sequence[Method], options: Sequence[str] = ()) -> None:
    """Refuse a comparison on different persons or by different protocols.

    Crops may differ: they belong to the method.

    Raises:
        UsageError: naming two configs and what differs.
    """
    first, reference = None, None
    for method in methods:
        cfg = load_config(method.config, options=options)
        found = {**_test_files(cfg), 'test_evaluator': _plain(cfg.test_evaluator)}
        if reference is None:
            first, reference = method, found
        for key, value in reference.items():
            if found[key] != value:
                raise UsageError(
                    f'{first.config} and {method.config} cannot be compared: {key} is {value} in '
                    f'the one and {found[key]} in the other. Use configs with one test set.'
                )


def _test_files(cfg: Config) -> dict[str, list[str]]:
    """Annotation files and image folders of the test set, wherever they are nested."""
    nodes = [node for _, node in dictionaries(cfg.test_dataloader.dataset)]
    return {
        f'test_dataloader {key}': [osp.realpath(node[key]) for node in nodes if key in node]
        for key in ('ann_file', 'image_dir')
    }


def _plain(node: Any) -> Any:
    return node.to_dict() if hasattr(node, 'to_dict') else node
