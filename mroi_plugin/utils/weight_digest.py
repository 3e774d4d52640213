"""What tells the weights of two modules apart."""

from __future__ import annotations

import hashlib

from torch import nn


def digest_of(module: nn.Module) -> str:
    """SHA-256 of the state dict of a module: of its names and numbers."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
