"""Persons of one or several data sets, in stated proportions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mroi_plugin.datasets.cached_maps import CachedMapsDataset
from mroi_plugin.datasets.human_data import ConcatHumanDataset, MultiRoIHumanDataset
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
        dataset: `ConcatHumanDataset`, or with ``by_size`` a `MultiRoIHumanDataset` or
            `CachedMapsDataset`.
        probabilities: by name of a data set or group; they are divided by their sum. What is not
            named is never drawn. ``by_size`` draws every person with the same probability.
        epoch_length: samples per epoch over all ranks; the number of persons by default.
        seed: of the order; the run's if None.
        shuffle: accepted because mmengine's configs have it; must be true.
        groups: names of data sets that share the probability of a group by their sizes, by name of
            the group.
        group_by_image: draw images in place of persons, and all persons of an image one after
            another, so that it is decoded once for them; every rank has its own images.

    Raises:
        ValueError: for an unknown name, a negative probability or none at all, or a group of
            unknown data sets or with the name of one.
    """

    def __init__(
        self,
        dataset: ConcatHumanDataset | MultiRoIHumanDataset | CachedMapsDataset,
        probabilities: Mapping[str, float] | str,
        epoch_length: int | None = None,
        seed: int | None = None,
        shuffle: bool = True,
        groups: Mapping[str, Sequence[str]] | None = None,
        group_by_image: bool = False,
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        if not shuffle:
            raise ValueError(
                'MultiDatasetSampler: shuffle=False; a mixture is always drawn at random.'
            )
        parts = getattr(dataset, 'datasets', [dataset])
        self.sizes = [len(part) for part in parts]
        names = getattr(dataset, 'names', ['dataset'])
        self.probabilities = _probabilities(
            dict(zip(names, self.sizes)), probabilities, groups or {}
        )
        self.images = [part.images() for part in parts] if group_by_image else None
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
        if self.images is not None:
            return _by_image(
                rng, np.bincount(which, minlength=len(self.sizes)), self.images, offsets
            )
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
        order = self.order()
        if self.images is None:
            own = order[self.rank :: self.world_size]
        else:
            own = np.split(order, self.world_size)[self.rank]
        yield from own[self._start :].tolist()


def _by_image(
    rng: np.random.Generator,
    counts: np.ndarray,
    images: Sequence[np.ndarray],
    offsets: np.ndarray,
) -> np.ndarray:
    """So many persons of every data set: images at random, their persons next to each other.

    Args:
        rng: of the order.
        counts: persons wanted of every data set; the last image may be cut short.
        images: per data set, the number of the image of every person.
        offsets: per data set, the index of its first person.
    """
    persons, lengths = [], []
    for part, count in enumerate(counts):
        drawn, sizes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        while sum(map(len, drawn)) < count:
            place = rng.permutation(images[part].max() + 1)[images[part]]
            drawn.append(offsets[part] + np.argsort(place, kind='stable'))
            sizes.append(np.bincount(place))
        ends = np.minimum(np.cumsum(np.concatenate(sizes)), count)
        lengths.append(np.diff(ends, prepend=0))
        lengths[-1] = lengths[-1][lengths[-1] > 0]
        persons.append(np.concatenate(drawn)[:count])
    # The data sets' images in a random order, each data set's own in the order drawn.
    owner = rng.permutation(np.repeat(np.arange(len(lengths)), [len(x) for x in lengths]))
    length, order = np.empty(len(owner), np.int64), np.empty(counts.sum(), np.int64)
    for part, own in enumerate(lengths):
        length[owner == part] = own
    part_of = np.repeat(owner, length)
    for part, own in enumerate(persons):
        order[part_of == part] = own
    return order


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
