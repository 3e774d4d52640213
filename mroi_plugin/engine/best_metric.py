"""Whether the metric that the best checkpoint is chosen by is one that the validation gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

OPTION = 'default_hooks.checkpoint.save_best'


def check_best(wanted: Sequence[str], rules: Sequence[str], metrics: Sequence[Any]) -> None:
    """Refuse a metric that no evaluator gives, or the wrong sense of one.

    Args:
        wanted: ``save_best``, metrics with their prefix; ``auto`` is any.
        rules: ``less`` or ``greater``, for each of them.
        metrics: of the evaluator. Those whose class does not define ``names``, from a quantity to
            its rule, may give anything.

    Raises:
        ValueError: naming what there is.
    """
    told = [metric.names for metric in metrics if 'names' in vars(type(metric))]
    given = {
        f'{metric.prefix}/{name}': rule
        for metric, names in zip(metrics, told if len(told) == len(metrics) else ())
        for name, rule in names.items()
    }
    for name, rule in zip(wanted, rules):
        if given and name != 'auto' and name not in given:
            raise ValueError(_unknown(name, given))
        if rule != given.get(name, rule):
            raise ValueError(
                f'{OPTION}={name!r} with rule={rule!r} would keep the worst checkpoint: set '
                f'default_hooks.checkpoint.rule={given[name]!r}.'
            )


def check_given(wanted: Sequence[str], metrics: Mapping[str, Any]) -> None:
    """Refuse a metric that a validation has not given.

    Raises:
        ValueError: naming what it has given.
    """
    for name in wanted:
        if name != 'auto' and name not in metrics:
            raise ValueError(_unknown(name, metrics))


def _unknown(name: str, given: Mapping[str, Any]) -> str:
    nearest = get_close_matches(name, given, 1)
    meant = f'; {nearest[0]!r} is the nearest' if nearest else ''
    return f'{OPTION}={name!r}: the validation gives {", ".join(given) or "nothing"}{meant}.'
