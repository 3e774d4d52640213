"""The parents of a body's joints, as numbers that are known before it is posed."""

from __future__ import annotations

from torch import Tensor, nn

BUFFER = 'parent_indices'


class KinematicTree:
    """``parents`` for smplx's ``lbs``, which reads them one by one and some of them as an index.

    smplx keeps them in a tensor and looks up every joint's by its value: 23 times a posed body
    waits for the device, a compiled one is cut in pieces, and CUDA graphs cannot record it. Here
    single parents are numbers, those of the first joints are a tree again, and any others, which
    are used as an index, a tensor on the body's device.

    Args:
        body: with the buffer `BUFFER` (J).
        numbers: parents of its first joints; of all of them if None.
    """

    def __init__(self, body: nn.Module, numbers: tuple[int, ...] | None = None) -> None:
        self.body = body
        self.numbers = tuple(getattr(body, BUFFER).tolist()) if numbers is None else numbers
        self.shape = (len(self.numbers),)

    def __getitem__(self, joints: int | slice) -> int | Tensor | KinematicTree:
        if isinstance(joints, int):
            return self.numbers[joints]
        if joints.start in (None, 0):
            return KinematicTree(self.body, self.numbers[joints])
        return getattr(self.body, BUFFER)[: len(self.numbers)][joints]


def use_known_parents(body: nn.Module) -> None:
    """Put a `KinematicTree` in place of a body's buffer ``parents`` (J)."""
    parents = body.parents
    del body.parents
    body.register_buffer(BUFFER, parents, persistent=False)
    body.parents = KinematicTree(body)
