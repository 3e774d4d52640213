"""Weights as they are drawn, the last layers made to matter."""

from __future__ import annotations

import os

import torch
from torch import nn


def move_heads(model: nn.Module) -> nn.Module:
    """Add noise to the head of a model, whose last layers start so small that they say nothing."""
    for parameter in model.head.parameters():
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    return model


def save_weights(model: nn.Module, path: str | os.PathLike[str]) -> str:
    """Save a model after `move_heads`; returns the path."""
    torch.save(move_heads(model).state_dict(), path)
    return str(path)
