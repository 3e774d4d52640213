"""A catalog of outfits: the cut and the cloth of every garment, by number.

Outfit k is the same wherever it is worn. Every `RESERVED`-th is the test split's alone.
Lengths are places on the unposed template, meters (floor about -0.93, hip 0, neck 0.55).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from synthetic_humans.materials import Material, dye, fabric, plain, trouser_fabric

OUTFITS = 40_000
RESERVED = 5

_CATALOG = 77


@dataclass(frozen=True)
class Garment:
    """Cloth over a region of the body.

    Attributes:
        cloth: its material.
        low, high: y of its lower and upper hem, m.
        sleeve: how far it reaches along the arm, |x|, m; 0 leaves the arms out.
        neck: radius of the neckline, m.
        opening: width of a gap in front, m; 0 is closed.
        offset: distance from the skin, m.
        flare: further distance at the lower hem and the cuffs, m.
        folds: height of the folds, m.
    """

    cloth: Material
    low: float
    high: float
    sleeve: float = 0.0
    neck: float = 0.0
    opening: float = 0.0
    offset: float = 0.01
    flare: float = 0.01
    folds: float = 0.004


@dataclass(frozen=True)
class Skirt:
    """A tube about both legs, from `high` to `low` (y, m), wider by `flare` (m) per meter."""

    cloth: Material
    low: float
    high: float
    ease: float
    flare: float
    pleats: int
    pleat: float


@dataclass(frozen=True)
class Outfit:
    """What a person wears, the innermost garment first."""

    garments: list[Garment] = field(default_factory=list)
    skirt: Skirt | None = None
    shoes: Garment | None = None


def draw_outfit_number(rng: np.random.Generator, reserved: bool) -> int:
    """Draw the number of an outfit, from the test split's if `reserved`."""
    number = int(rng.integers(OUTFITS // RESERVED)) * RESERVED
    return number if reserved else number + int(rng.integers(1, RESERVED))


def _top(rng: np.random.Generator, cloth: Material) -> Garment:
    sleeve = rng.choice([0.185, 0.27, 0.34, 0.42, 0.56, 0.70], p=[0.14, 0.15, 0.25, 0.1, 0.06, 0.3])
    return Garment(
        cloth,
        low=rng.choice([0.14, 0.06, -0.02, -0.07], p=[0.1, 0.3, 0.4, 0.2]) + rng.normal(0, 0.015),
        high=0.62,
        sleeve=sleeve + rng.normal(0, 0.012),
        neck=rng.uniform(0.085, 0.17) if sleeve < 0.6 or rng.uniform() < 0.6 else 0.075,
        offset=0.006 + 0.028 * rng.uniform() ** 2,
        flare=rng.uniform(0.002, 0.035),
        folds=rng.uniform(0.002, 0.008),
    )


def _jacket(rng: np.random.Generator) -> Garment:
    return Garment(
        fabric(rng),
        low=rng.uniform(-0.07, 0.06),
        high=0.62,
        sleeve=rng.choice([0.70, 0.66, 0.2], p=[0.7, 0.15, 0.15]),
        neck=rng.uniform(0.085, 0.12),
        opening=rng.choice([0.0, rng.uniform(0.04, 0.2)], p=[0.35, 0.65]),
        offset=rng.uniform(0.026, 0.045),
        flare=rng.uniform(0.01, 0.035),
        folds=rng.uniform(0.004, 0.010),
    )


def _trousers(rng: np.random.Generator) -> Garment:
    low = rng.choice([-0.2, -0.3, -0.42, -0.6, -0.87], p=[0.07, 0.13, 0.12, 0.08, 0.6])
    tight = rng.uniform() < 0.3
    return Garment(
        trouser_fabric(rng),
        low=low + rng.normal(0, 0.015),
        high=rng.uniform(0.04, 0.13),
        offset=0.004 if tight else 0.008 + 0.024 * rng.uniform() ** 2,
        flare=0.0 if tight else rng.uniform(0.0, 0.05),
        folds=0.001 if tight else rng.uniform(0.003, 0.008),
    )


def _skirt(rng: np.random.Generator, cloth: Material) -> Skirt:
    return Skirt(
        cloth,
        low=rng.choice([-0.28, -0.42, -0.62, -0.85], p=[0.2, 0.4, 0.25, 0.15])
        + rng.normal(0, 0.03),
        high=rng.uniform(0.05, 0.12),
        ease=rng.uniform(0.008, 0.025),
        flare=rng.uniform(0.0, 0.35),
        pleats=int(rng.integers(5, 16)),
        pleat=rng.uniform(0.0, 0.08),
    )


def _shoes(rng: np.random.Generator) -> Garment | None:
    if rng.uniform() < 0.08:
        return None
    dark = rng.uniform() < 0.6
    color = dye(rng) * 0.35 if dark else dye(rng)
    cloth = Material(plain(rng, color, 0.04), tile_m=0.3, bump=0.1, gloss=rng.uniform(0, 0.25))
    top = rng.choice([-0.865, -0.83, -0.7, -0.5], p=[0.5, 0.28, 0.14, 0.08])
    return Garment(
        cloth, low=-2.0, high=top, offset=rng.uniform(0.007, 0.014), flare=0.0, folds=0.0
    )


def outfit(number: int) -> Outfit:
    """Return outfit `number` of the catalog."""
    rng = np.random.default_rng([_CATALOG, number])
    kind, shoes = rng.uniform(), _shoes(rng)
    if kind < 0.16:
        cloth = fabric(rng)
        return Outfit([_top(rng, cloth)], _skirt(rng, cloth), shoes)
    if kind < 0.26:
        return Outfit([_top(rng, fabric(rng))], _skirt(rng, trouser_fabric(rng)), shoes)
    if kind < 0.30:
        return Outfit([_trousers(rng)], None, shoes)
    trousers = _trousers(rng)
    top = _top(rng, trousers.cloth if kind < 0.36 else fabric(rng))
    garments = [trousers, top] if rng.uniform() < 0.75 else [top, trousers]
    if rng.uniform() < 0.28:
        garments.append(_jacket(rng))
    return Outfit(garments, None, shoes)
