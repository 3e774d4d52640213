"""Families of poses: which postures of legs and arms an activity combines, and how it is held."""

from __future__ import annotations

from dataclasses import dataclass

UPRIGHT_ARMS = (
    'hang',
    'hang',
    'bent',
    'holding',
    'on_hip',
    'crossed',
    'at_ear',
    'at_chin',
    'behind',
    'waving',
    'reading',
    'at_head',
)
FREE_ARMS = ('side', 'front', 'up', 'loose', 'bent', 'waving', 'overhead')


@dataclass(frozen=True)
class Activity:
    """A family of poses.

    Attributes:
        share: relative frequency.
        legs: pairs of names in `LEGS`; either may be the left one.
        arms: names in `ARMS`, drawn for each side by itself.
        trunk: (mean, deviation) of angles of the spine and the neck.
        support: 'feet' balances over them, 'seat' sits on something, 'floor' and 'air' do neither.
        pitch, roll: (mean, deviation) of the whole body's, for all but 'feet'.
        stride: swing of the hips, degrees; legs and arms move against each other.
    """

    share: float
    legs: tuple
    arms: tuple[str, ...]
    trunk: dict
    support: str = 'feet'
    pitch: tuple = (0, 5)
    roll: tuple = (0, 4)
    stride: float = 0.0


ACTIVITIES = {
    'standing': Activity(
        0.17,
        (('straight', 'straight'), ('apart', 'apart'), ('straight', 'resting')),
        UPRIGHT_ARMS,
        {'bend': (3, 6)},
    ),
    'walking': Activity(
        0.11,
        (('straight', 'straight'),),
        ('hang', 'hang', 'hang', 'bent', 'holding', 'at_ear'),
        {'bend': (4, 4)},
        stride=24.0,
    ),
    'running': Activity(
        0.06, (('straight', 'straight'),), ('pump', 'pump', 'bent'), {'bend': (10, 6)}, stride=44.0
    ),
    'reaching': Activity(
        0.09,
        (('straight', 'straight'), ('apart', 'apart'), ('straight', 'resting')),
        (*FREE_ARMS, 'hang', 'across'),
        {'bend': (6, 9), 'lean': (0, 9), 'turn': (0, 16)},
    ),
    'bending': Activity(
        0.06,
        (('bowing', 'bowing'), ('bowing', 'half_squat')),
        ('down', 'front', 'bent', 'lap', 'hang'),
        {'bend': (36, 15), 'nod': (0, 14)},
    ),
    'crouching': Activity(
        0.06,
        (('squatting', 'squatting'), ('half_squat', 'half_squat')),
        ('front', 'lap', 'holding', 'down', 'bent', 'side'),
        {'bend': (24, 11)},
    ),
    'kneeling': Activity(
        0.05,
        (('foot_forward', 'knee_down'), ('knee_down', 'knee_down'), ('on_heels', 'on_heels')),
        ('lap', 'front', 'holding', 'hang', 'bent', 'down', 'up'),
        {'bend': (12, 11)},
    ),
    'sitting': Activity(
        0.12,
        (('seated', 'seated'), ('seated', 'seated_out'), ('seated_out', 'seated_out')),
        (
            'lap',
            'lap',
            'bent',
            'front',
            'hang',
            'holding',
            'crossed',
            'reading',
            'at_chin',
            'at_ear',
        ),
        {'bend': (12, 10)},
        'seat',
        (-6, 7),
    ),
    'floor_sitting': Activity(
        0.04,
        (
            ('floor_out', 'floor_out'),
            ('floor_bent', 'floor_bent'),
            ('floor_crossed', 'floor_crossed'),
            ('floor_out', 'floor_bent'),
        ),
        ('lap', 'front', 'holding', 'behind', 'bent', 'reading'),
        {'bend': (18, 10)},
        'floor',
        (-6, 6),
    ),
    'lying_face_up': Activity(
        0.02,
        (
            ('lying_straight', 'lying_straight'),
            ('lying_bent', 'lying_bent'),
            ('lying_bent', 'lying_straight'),
        ),
        ('hang', 'side', 'bent', 'up', 'at_head'),
        {'bend': (2, 6)},
        'floor',
        (-88, 5),
        (0, 8),
    ),
    'lying_face_down': Activity(
        0.015,
        (('lying_straight', 'lying_straight'),),
        ('side', 'up', 'waving', 'hang'),
        {'bend': (-4, 6)},
        'floor',
        (86, 4),
        (0, 6),
    ),
    'lying_sideways': Activity(
        0.015,
        (('lying_bent', 'lying_bent'), ('lying_bent', 'lying_straight')),
        ('front', 'across', 'bent', 'hang'),
        {'bend': (16, 10)},
        'floor',
        (0, 8),
        (88, 6),
    ),
    'jumping': Activity(
        0.05,
        (('tucked', 'tucked'), ('flying', 'flying'), ('tucked', 'flying'), ('split', 'split')),
        FREE_ARMS,
        {'bend': (8, 13), 'turn': (0, 14)},
        'air',
        (2, 14),
        (0, 9),
    ),
    'kicking': Activity(
        0.04,
        (('kicking', 'straight'), ('wound_up', 'resting')),
        ('side', 'loose', 'bent', 'front', 'hang'),
        {'bend': (4, 11), 'turn': (0, 18)},
    ),
    'throwing': Activity(
        0.035,
        (('behind', 'resting'), ('apart', 'apart'), ('foot_forward', 'behind')),
        ('cocked', 'front', 'up', 'across', 'side'),
        {'bend': (4, 13), 'turn': (0, 24)},
    ),
    'swinging': Activity(
        0.035,
        (('apart', 'apart'), ('half_squat', 'apart'), ('behind', 'resting')),
        ('across', 'cocked', 'down', 'overhead', 'front'),
        {'bend': (17, 13), 'turn': (0, 30), 'lean': (0, 9)},
    ),
    'lunging': Activity(
        0.035,
        (('foot_forward', 'behind'), ('half_squat', 'split')),
        ('front', 'side', 'on_hip', 'up', 'bent', 'hang'),
        {'bend': (10, 14)},
    ),
    'balancing': Activity(
        0.035,
        (('lifted', 'straight'), ('tree', 'straight'), ('behind', 'straight')),
        (*FREE_ARMS, 'on_hip', 'hang'),
        {'bend': (6, 14), 'lean': (0, 9)},
    ),
    'dancing': Activity(
        0.05,
        (
            ('apart', 'resting'),
            ('half_squat', 'split'),
            ('lifted', 'resting'),
            ('behind', 'resting'),
        ),
        ('loose', *FREE_ARMS, 'on_hip'),
        {'bend': (6, 15), 'lean': (0, 11), 'turn': (0, 20)},
    ),
}
