"""Persons of several data sets in stated proportions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mroi_plugin.datasets.human_data import ConcatHumanDataset
from mroi_plugin.registry import DATA_SAMPLERS, register

BY_SIZE = 'by_size'
"""Probabilities that draw every person equally often."""


@register(DATA_SAMPLERS)
class MultiDatasetSampler(Sampler[int]):
    """Draw data sets by probability, and within each its persons by permutations.

    The order is a function of (seed, epoch) and is dealt out to the ranks in turn: no person is
    seen twice before its data set has been gone through, and no two ranks share a draw. Iteration
    may start anywhere in the epoch (`start_at`), to go on where a run was interrupted.

    Args:
        dataset: `ConcatHumanDataset`.
        probabilities: by name of a data set or group; they are divided by their sum. What is not
            named is never drawn. ``by_size`` draws every person with the same probability.
        epoch_length: samples per epoch over all ranks; the number of persons by default.
        seed: of the order; the run's if None.
        shuffle: accepted because mmengine's configs have it; must be true.
        groups: names of data sets that share the probability of a group by their sizes, by name of
            the group.

    Raises:
        ValueError: for an unknown name, a negative probability or none at all, or a group of
            unknown data sets or with the name of one.
    """

    def __init__(
        self,
        dataset: ConcatHumanDataset,
        probabilities: Mapping[str, float] | str,
        epoch_length: int | None = None,
        seed: int | None = None,
        shuffle: bool = True,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        if not shuffle:
            raise ValueError(
                'MultiDatasetSampler: shuffle=False; a mixture is always drawn at random.'
            )
        self.sizes = [len(part) for part in dataset.datasets]
        self.probabilities = _probabilities(
            dict(zip(dataset.names, self.sizes)), probabilities, groups or {}
        )
        self.total = epoch_length or len(dataset)
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = self._start = 0

    def __len__(self) -> int:
        """Samples of this rank in the epoch, the same on every rank."""
        return -(-self.total // self.world_size) - self._start

    def set_epoch(self, epoch: int) -> None:
        """Choose the order."""
        self.epoch = epoch

    def start_at(self, position: int) -> None:
        """Leave out the first samples of this rank when the sampler is iterated next."""
        self._start = position

    def order(self) -> np.ndarray:
        """Indices of the whole epoch over all ranks, padded to a multiple of their number."""
        rng = np.random.default_rng([self.seed, self.epoch])
        count = -(-self.total // self.world_size) * self.world_size
        which = rng.choice(len(self.sizes), count, p=self.probabilities)
        offsets = np.concatenate([[0], np.cumsum(self.sizes)])
        order = np.empty(count, np.int64)
        for part, size in enumerate(self.sizes):
            drawn = np.flatnonzero(which == part)
            rounds = -(-len(drawn) // size)
            persons = [rng.permutation(size) for _ in range(rounds)]
            order[drawn] = (
                offsets[part] + np.concatenate([*persons, np.empty(0, np.int64)])[: len(drawn)]
            )
        return order

    def __iter__(self) -> Iterator[int]:
        yield from self.order()[self.rank :: self.world_size][self._start :].tolist()


def _probabilities(
    sizes: Mapping[str, int],
    probabilities: Mapping[str, float] | str,
    groups: Mapping[str, Sequence[str]],
) -> np.ndarray:
    """Probability of every data set, in the order of ``sizes``, their sum 1."""
    shares = {BY_SIZE: 1.0} if probabilities == BY_SIZE else probabilities
    groups = {BY_SIZE: list(sizes)} if probabilities == BY_SIZE else groups
    _check(sizes, shares, groups)
    weights = dict.fromkeys(sizes, 0.0)
    for name, share in shares.items():
        members = groups.get(name, [name])
        total = sum(sizes[member] for member in members)
        for member in members:
            weights[member] += share * sizes[member] / total
    drawn = np.array(list(weights.values()), np.float64)
    return drawn / drawn.sum()


def _check(
    sizes: Mapping[str, int],
    shares: Mapping[str, float] | str,
    groups: Mapping[str, Sequence[str]],
) -> None:
    known = ', '.join(sizes)
    for group, members in groups.items():
        if group in sizes or not members or set(members) - set(sizes):
            raise ValueError(
                f'MultiDatasetSampler: groups.{group}={list(members)}; expected some of {known} '
                'under a name that is none of theirs.'
            )
    usable = isinstance(shares, Mapping) and not set(shares) - {*sizes, *groups}
    if not usable or min(shares.values(), default=0) < 0 or not sum(shares.values()):
        found = dict(shares) if isinstance(shares, Mapping) else repr(shares)
        raise ValueError(
            f'MultiDatasetSampler: probabilities={found}; expected {BY_SIZE!r} or numbers >= 0, '
            f'not all 0, for some of {", ".join([*sizes, *groups])}.'
        )
