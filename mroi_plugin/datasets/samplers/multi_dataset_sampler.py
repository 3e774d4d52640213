"""Persons of several data sets in stated proportions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mroi_plugin.datasets.human_data import ConcatHumanDataset
from mroi_plugin.registry import DATA_SAMPLERS, register


@register(DATA_SAMPLERS)
class MultiDatasetSampler(Sampler[int]):
    """Draw data sets by probability, and within each its persons by permutations.

    The order is a function of (seed, epoch) and is dealt out to the ranks in turn: no person is
    seen twice before its data set has been gone through, and no two ranks share a draw. Iteration
    may start anywhere in the epoch (`start_at`), to go on where a run was interrupted.

    Args:
        dataset: `ConcatHumanDataset`.
        probabilities: by name of the data set; they are divided by their sum. A data set that is
            not named is never drawn.
        epoch_length: samples per epoch over all ranks; the number of persons by default.
        seed: of the order; the run's if None.
        shuffle: accepted because mmengine's configs have it; must be true.

    Raises:
        ValueError: for an unknown name, a negative probability or none at all.
    """

    def __init__(
        self,
        dataset: ConcatHumanDataset,
        probabilities: Mapping[str, float],
        epoch_length: int | None = None,
        seed: int | None = None,
        shuffle: bool = True,
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        names = list(dataset.names)
        unknown = sorted(set(probabilities) - set(names))
        if unknown or min(probabilities.values(), default=0) < 0 or not sum(probabilities.values()):
            raise ValueError(
                f'MultiDatasetSampler: probabilities={dict(probabilities)}; expected numbers >= 0, '
                f'not all 0, for some of {", ".join(names)}.'
            )
        if not shuffle:
            raise ValueError(
                'MultiDatasetSampler: shuffle=False; a mixture is always drawn at random.'
            )
        weights = np.array([probabilities.get(name, 0.0) for name in names], np.float64)
        self.probabilities = weights / weights.sum()
        self.sizes = [len(part) for part in dataset.datasets]
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
