"""Dress a person: the surfaces of skin, face, garments, shoes, skirt, hair and hat."""

from __future__ import annotations

import numpy as np

from mroi_plugin.visualization.shading import vertex_normals
from synthetic_humans.body import SyntheticBody, skin
from synthetic_humans.heads import (
    HAIRS,
    SKINS,
    face_coords,
    face_material,
    hair_field,
    hair_material,
    hat_material,
    pick_color,
)
from synthetic_humans.materials import NOISE, SIDE, Material, plain
from synthetic_humans.outfits import Garment, outfit
from synthetic_humans.people import Person
from synthetic_humans.surfaces import (
    Piece,
    Surface,
    cut,
    grid_faces,
    neighbors_of,
    plain_surface,
    smoothed,
)
from synthetic_humans.tubes import make_long_hair, make_skirt

_HIDDEN_M = 0.035
"""Skin that lies so far within a hem is not drawn."""
_FLARE_M = 0.3


class _Layers:
    """Collects the surfaces and the materials of one person."""

    def __init__(self) -> None:
        self.surfaces: list[Surface] = []
        self.materials: list[Material] = []

    def add(self, surface: Surface, material: Material) -> None:
        """Add a surface with a material of its own."""
        number = len(self.materials)
        self.surfaces.append(
            Surface(
                surface.vertices,
                surface.normals,
                surface.coords,
                surface.faces,
                number,
                surface.two_sided,
            )
        )
        self.materials.append(material)


class Tailor:
    """Knows where sleeves, legs, hair and shoes of a body are, and dresses people.

    Args:
        body: the body to dress.
    """

    def __init__(self, body: SyntheticBody) -> None:
        self.body = body
        template, part = body.template, body.weights.argmax(1)
        self._neighbors = neighbors_of(body.faces, len(template))
        self._arm = np.isin(part, (16, 17, 18, 19, 20, 21, 22, 23))
        self._foot = np.isin(part, (7, 8, 10, 11))
        self._coords = self._limb_coords(template)
        self._face_coords = face_coords(template)
        self._marks = {name: template[index] for name, index in body.landmarks.items()}
        front = (part == 15) & (template[:, 2] > 0.03) & (template[:, 1] > 0.58)
        self._is_face = front[body.faces].all(1)

    def _limb_coords(self, template: np.ndarray) -> np.ndarray:
        """Return the coords (V, 4) of cloth: about each limb's axis, and along it."""
        x, y, z = template.T
        joints = self.body.rest_joints
        leg = ~self._arm & (y < -0.07)
        arm_x, arm_y = y - joints[16, 1], z - joints[16, 2]
        p = np.where(self._arm, arm_x, np.where(leg, x - np.sign(x) * joints[4, 0], x))
        q = np.where(self._arm, arm_y, z)
        along = np.where(self._arm, np.abs(x), y)
        radius = np.where(self._arm, 0.05, np.where(leg, 0.08, 0.15))
        return np.stack([p, q, along, radius], 1)

    def _field(self, garment: Garment) -> np.ndarray:
        """Return the field (V,) of a garment, m within its hems."""
        x, y, z = self.body.template.T
        field = np.minimum(y - garment.low, garment.high - y)
        if not garment.neck:
            return np.where(self._arm, -1.0, field)
        field = np.minimum(field, garment.sleeve - np.abs(x))
        gap = np.sqrt(x**2 + (y - 0.585) ** 2 + (0.9 * (z - 0.02)) ** 2)
        field = np.minimum(field, gap - garment.neck)
        if garment.opening:
            front = np.abs(x) - garment.opening / 2 * (1.2 - 0.8 * (0.5 - y))
            field = np.where(z > 0.0, np.minimum(field, front), field)
        return field

    def _lie_within(self, field: np.ndarray) -> np.ndarray:
        """Tell which faces (F,) lie so far within a field (V,) that they are not drawn."""
        deep = field > _HIDDEN_M
        a, b, c = self.body.faces.T
        return deep[a] & deep[b] & deep[c]

    def _offsets(self, rng: np.random.Generator, garment: Garment, field: np.ndarray) -> np.ndarray:
        """Return the distance (V,) of a garment from the skin, m."""
        x, y = self.body.template[:, 0], self.body.template[:, 1]
        hem = np.where(self._arm, garment.sleeve - np.abs(x), y - garment.low)
        wide = np.clip(1 - hem / _FLARE_M, 0, 1) * (0.6 if garment.neck else 1.0)
        folds = self._folds(rng)
        return np.clip(garment.offset + garment.flare * wide + garment.folds * folds, 0.003, None)

    def _folds(self, rng: np.random.Generator) -> np.ndarray:
        """Return folds (V,) of zero mean and unit deviation."""
        p, q, along, radius = self._coords.T
        tile = NOISE[int(rng.integers(1, 8))]
        steep = rng.uniform(1.0, 2.6)
        u = (np.arctan2(p, q) * radius / 0.35 + rng.uniform()) * SIDE
        v = (along * steep / 0.35 + 0.4 * u / SIDE + rng.uniform()) * SIDE
        return tile[v.astype(int) % SIDE, u.astype(int) % SIDE]

    def _cloth(
        self, piece: Piece, draped: np.ndarray, normals: np.ndarray, coords: np.ndarray, edge: bool
    ) -> Surface:
        """Return the surface of a piece laid over draped vertices (V, 3)."""
        normals = piece.take(normals)
        return Surface(piece.take(draped), normals, piece.take(coords), piece.faces, 0, edge)

    def _drape(self, vertices: np.ndarray, base: np.ndarray, offsets: np.ndarray) -> tuple:
        """Lay cloth over the body: at least `offsets` (V,) from the skin, smoother than it."""
        normals = vertex_normals(base, self.body.faces)
        sunk = np.clip(np.einsum('vi,vi->v', vertices - base, normals), 0, 0.03)
        draped = base + normals * (offsets + sunk)[:, None]
        return draped, vertex_normals(draped, self.body.faces)

    def dress(self, rng: np.random.Generator, number: int, person: Person) -> tuple[list, list]:
        """Return the surfaces and the materials of a person in outfit `number`.

        Args:
            rng: draws what is not the outfit's: skin, hair, how cloth falls.
            number: of the catalog of outfits.
            person: who.
        """
        wear, layers, body = outfit(number), _Layers(), self.body
        tint, hair = pick_color(rng, SKINS), pick_color(rng, HAIRS)
        hidden = np.zeros(len(body.faces), bool)
        base = smoothed(person.vertices, *self._neighbors, 3)
        rest = body.rest_vertices_of(person.betas)
        for garment in wear.garments:
            field = self._field(garment)
            hidden |= self._lie_within(field)
            offsets = self._offsets(rng, garment, field)
            draped = self._drape(person.vertices, base, offsets)
            layers.add(
                self._cloth(cut(body.faces, field), *draped, self._coords, True), garment.cloth
            )
        if wear.skirt is not None:
            layers.add(make_skirt(rng, wear.skirt, person, body, rest), wear.skirt.cloth)
        if wear.shoes is not None:
            hidden |= self._add_shoes(layers, wear.shoes, person)
        self._add_skin(layers, rng, person, tint, hair, hidden)
        self._add_hair(layers, rng, person, base, hair, rest)
        return layers.surfaces, layers.materials

    def _add_shoes(self, layers: _Layers, shoes: Garment, person: Person) -> np.ndarray:
        """Add shoes, smooth over the toes; returns the faces (F,) that they hide."""
        body = self.body
        field = np.where(self._arm, -1.0, shoes.high - body.template[:, 1])
        base = smoothed(person.vertices, *self._neighbors, 10)
        draped = self._drape(person.vertices, base, np.full(len(base), shoes.offset))
        layers.add(self._cloth(cut(body.faces, field), *draped, self._coords, True), shoes.cloth)
        return self._lie_within(field)

    def _add_skin(
        self,
        layers: _Layers,
        rng: np.random.Generator,
        person: Person,
        tint: np.ndarray,
        hair: np.ndarray,
        hidden: np.ndarray,
    ) -> None:
        """Add the skin that shows, and the face."""
        normals = vertex_normals(person.vertices, self.body.faces)
        for chosen, coords, material in (
            (~self._is_face & ~hidden, self._coords, Material(plain(rng, tint, 0.03), gloss=0.05)),
            (self._is_face, self._face_coords, face_material(rng, tint, hair, self._marks)),
        ):
            faces = self.body.faces[chosen]
            layers.add(Surface(person.vertices, normals, coords, faces, 0), material)

    def _add_hair(
        self,
        layers: _Layers,
        rng: np.random.Generator,
        person: Person,
        base: np.ndarray,
        color: np.ndarray,
        rest: np.ndarray,
    ) -> None:
        """Add short or long hair, and sometimes a hat."""
        template, hatted = self.body.template, rng.uniform() < 0.15
        if rng.uniform() > 0.06:
            field = hair_field(template, rng.uniform(-0.02, 0.012), rng.uniform(0.55, 0.85))
            field += 0.006 * self._folds(rng)
            thick = np.clip(0.3 * field, 0, rng.uniform(0.004, 0.03))
            thick += 0.003 + (0.0 if hatted else 0.003) * np.abs(self._folds(rng))
            draped = self._drape(person.vertices, base, thick)
            material = hair_material(rng, color)
            piece = cut(self.body.faces, field)
            layers.add(self._cloth(piece, *draped, self._coords, False), material)
            if rng.uniform() < 0.38:
                layers.add(make_long_hair(rng, person, self.body, rest), material)
        if hatted:
            self._add_hat(layers, rng, person, base, rest)

    def _add_hat(
        self,
        layers: _Layers,
        rng: np.random.Generator,
        person: Person,
        base: np.ndarray,
        rest: np.ndarray,
    ) -> None:
        """Add a cap, a hat with a brim or a woolen hat."""
        rise, tilt = rng.uniform(0.0, 0.03), rng.uniform(0.1, 0.4)
        field, material = hair_field(self.body.template, rise, tilt), hat_material(rng)
        offsets = 0.014 + np.clip(0.35 * field, 0, rng.uniform(0.004, 0.045))
        draped = self._drape(person.vertices, base, offsets)
        piece = cut(self.body.faces, field)
        layers.add(self._cloth(piece, *draped, self._coords, True), material)
        kind = rng.uniform()
        if kind > 0.75:
            return
        half = np.radians(70) if kind < 0.45 else np.pi
        layers.add(self._brim(rng, half, rise, tilt, person, rest), material)

    def _brim(
        self,
        rng: np.random.Generator,
        half: float,
        rise: float,
        tilt: float,
        person: Person,
        rest: np.ndarray,
    ) -> Surface:
        """Return a brim in front of the head, or all around it when `half` is pi."""
        shift = (rest - self.body.template)[self.body.landmarks['nose']]
        angles = np.linspace(-half, half, 25)
        rings = np.array([0.9, 1.0, 1.0]) + np.array([0, 0.35, 0.75]) * rng.uniform(0.7, 1.1)
        reach = rings[:, None] * (1 if half == np.pi else np.cos(angles / half * 1.2) ** 0.5)
        reach = np.where(np.arange(3)[:, None] == 0, 0.9, np.maximum(reach, 0.92))
        x, z = reach * 0.088 * np.sin(angles), 0.02 + reach * 0.108 * np.cos(angles)
        y = 0.76 + rise + tilt * (z - 0.13) - rng.uniform(0.0, 0.25) * (reach - 0.9) * 0.1
        points = np.stack([x, y, z], -1).reshape(-1, 3) + shift
        weights = np.zeros((len(points), 24))
        weights[:, 15] = 1
        moved = skin(points, weights, person.transforms)
        coords = np.tile([0.0, 0.1, 0.0, 0.1], (len(points), 1))
        return plain_surface(moved, grid_faces(3, 25, False), coords, 0, two_sided=True)
