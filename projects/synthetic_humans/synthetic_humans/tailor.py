"""Dress a person: the surfaces of skin, face, garments, shoes, skirt, hair and hat."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from mroi_plugin.visualization.shading import vertex_normals
from synthetic_humans.body import SyntheticBody
from synthetic_humans.carried import carried_things
from synthetic_humans.heads import (
    HAIRS,
    SKINS,
    face_coords,
    face_material,
    hair_material,
    hat_material,
    pick_color,
)
from synthetic_humans.materials import Material, plain
from synthetic_humans.outfits import outfit
from synthetic_humans.people import Person
from synthetic_humans.regions import Regions
from synthetic_humans.surfaces import Surface, cut, neighbors_of, plain_surface, smoothed
from synthetic_humans.tubes import make_brim, make_long_hair, make_skirt

HAIRY_SHARE, LONG_HAIR_SHARE, HAT_SHARE = 0.94, 0.38, 0.15


@dataclass
class _Fitting:
    """One person who is being dressed.

    Attributes:
        rng: draws what is not the outfit's: skin, hair, how cloth falls.
        person: who.
        rest: (V, 3) m, their unposed body.
        surfaces, materials: what they wear so far.
    """

    rng: np.random.Generator
    person: Person
    rest: np.ndarray
    surfaces: list[Surface] = field(default_factory=list)
    materials: list[Material] = field(default_factory=list)

    def add(self, surface: Surface, material: Material) -> None:
        """Add a surface with a material of its own."""
        self.surfaces.append(replace(surface, material=len(self.materials)))
        self.materials.append(material)


@dataclass(frozen=True)
class _Base:
    """What cloth is laid over: vertices (V, 3) of the body, smoothed, and their normals (V, 3)."""

    vertices: np.ndarray
    normals: np.ndarray


class Tailor:
    """Dresses people.

    Args:
        body: the body to dress.
    """

    def __init__(self, body: SyntheticBody) -> None:
        self.body, self.regions = body, Regions(body)
        self._neighbors = neighbors_of(body.faces, len(body.template))
        self._face_coords = face_coords(body.template)
        self._marks = {name: body.template[index] for name, index in body.landmarks.items()}

    def dress(
        self, rng: np.random.Generator, number: int, person: Person
    ) -> tuple[list[Surface], list[Material]]:
        """Return the surfaces and the materials of a person in outfit `number`.

        Args:
            rng: draws what is not the outfit's: skin, hair, how cloth falls.
            number: of the catalog of outfits.
            person: who.
        """
        wear, regions = outfit(number), self.regions
        fitting = _Fitting(rng, person, self.body.rest_vertices_of(person.betas))
        base = self._smooth(person.vertices, 3)
        hidden = np.zeros(len(self.body.faces), bool)
        for garment in wear.garments:
            where = regions.garment(garment)
            hidden |= regions.lie_within(where)
            cloth = self._cloth(fitting, base, regions.offsets(rng, garment), where)
            fitting.add(cloth, garment.cloth)
        if wear.skirt is not None:
            skirt = make_skirt(rng, wear.skirt, person, self.body, fitting.rest)
            fitting.add(skirt, wear.skirt.cloth)
        if wear.shoes is not None:
            where = regions.shoes(wear.shoes)
            hidden |= regions.lie_within(where)
            over_toes = self._smooth(person.vertices, 10)
            thick = np.full(len(where), wear.shoes.offset)
            fitting.add(self._cloth(fitting, over_toes, thick, where), wear.shoes.cloth)
        color = pick_color(rng, HAIRS)
        self._add_skin(fitting, color, hidden)
        self._add_hair(fitting, base, color)
        for surface, material in carried_things(rng, person, self.body):
            fitting.add(surface, material)
        return fitting.surfaces, fitting.materials

    def _smooth(self, vertices: np.ndarray, rounds: int) -> _Base:
        smooth = smoothed(vertices, *self._neighbors, rounds)
        return _Base(smooth, vertex_normals(smooth, self.body.faces))

    def _cloth(
        self, fitting: _Fitting, base: _Base, offsets: np.ndarray, where: np.ndarray
    ) -> Surface:
        """Lay cloth over the body where a field (V,) is positive: smoother than the skin, and at
        least `offsets` (V,), m, away from it."""
        over = fitting.person.vertices - base.vertices
        sunk = np.clip(np.einsum('vi,vi->v', over, base.normals), 0, 0.03)
        draped = base.vertices + base.normals * (offsets + sunk)[:, None]
        piece = cut(self.body.faces, where)
        coords = piece.take(self.regions.coords)
        return plain_surface(piece.take(draped), piece.faces, coords, 0, two_sided=True)

    def _add_skin(self, fitting: _Fitting, hair: np.ndarray, hidden: np.ndarray) -> None:
        """Add the skin that shows, and the face."""
        rng, vertices = fitting.rng, fitting.person.vertices
        tint = pick_color(rng, SKINS)
        normals, is_face = vertex_normals(vertices, self.body.faces), self.regions.is_face
        skin = Material(plain(rng, tint, 0.03), gloss=0.05)
        face = face_material(rng, tint, hair, self._marks)
        shown = self.body.faces[~is_face & ~hidden]
        fitting.add(Surface(vertices, normals, self.regions.coords, shown, 0), skin)
        painted = self.body.faces[is_face]
        fitting.add(Surface(vertices, normals, self._face_coords, painted, 0), face)

    def _add_hair(self, fitting: _Fitting, base: _Base, color: np.ndarray) -> None:
        """Add short or long hair, and sometimes a hat."""
        rng, regions = fitting.rng, self.regions
        hatted = rng.uniform() < HAT_SHARE
        if rng.uniform() < HAIRY_SHARE:
            where = regions.hair(rng.uniform(-0.02, 0.012), rng.uniform(0.55, 0.85))
            where += 0.006 * regions.folds(rng)
            volume, locks = (0.0, 0.0) if hatted else (rng.uniform(0.004, 0.03), 0.003)
            thick = 0.003 + np.clip(0.3 * where, 0, volume) + locks * np.abs(regions.folds(rng))
            material = hair_material(rng, color)
            fitting.add(self._cloth(fitting, base, thick, where), material)
            if rng.uniform() < LONG_HAIR_SHARE:
                long = make_long_hair(rng, fitting.person, self.body, fitting.rest)
                fitting.add(long, material)
        if hatted:
            self._add_hat(fitting, base)

    def _add_hat(self, fitting: _Fitting, base: _Base) -> None:
        """Add a cap, a hat with a brim or a woolen hat."""
        rng = fitting.rng
        rise, tilt, material = rng.uniform(0.0, 0.03), rng.uniform(0.1, 0.4), hat_material(rng)
        where = self.regions.hair(rise, tilt)
        thick = 0.016 + np.clip(0.35 * where, 0, rng.uniform(0.004, 0.045))
        fitting.add(self._cloth(fitting, base, thick, where), material)
        kind = rng.uniform()
        if kind < 0.75:
            shift = (fitting.rest - self.body.template)[self.body.landmarks['nose']]
            half = np.radians(70) if kind < 0.45 else np.pi
            brim = make_brim(rng, fitting.person, half, (rise, tilt), shift)
            fitting.add(brim, material)
