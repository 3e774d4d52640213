"""Joint limits and postures of legs and arms, in degrees: (mean, deviation) of every angle.

Angles are anatomical and hold for both sides. Zero is the T-pose for the arms and the upright
stance for everything else:

- hip_flex, knee_flex: thigh forward, shank backward; hip_out: thigh sideways; hip_twist: toes out;
  ankle: toes up.
- arm_raise: -90 hangs, 0 points sideways, 90 points up; arm_swing: the raised or hanging arm turns
  forward about the left-right axis; arm_front: an arm that points sideways turns to the front;
  arm_twist: about its own axis, a bent forearm turns inward or down; elbow: flexion; forearm: its
  twist; wrist, wrist_side: the hand; collar, collar_front: the shoulder lifts, comes forward.
- bend, lean, turn: the spine forward, sideways and about the vertical, shared by its three joints;
  nod, tilt, look: neck and head likewise.
- pitch, roll: of the whole body, forward and to its right, about the pelvis.
"""

from __future__ import annotations

LIMITS = {
    'hip_flex': (-30, 125),
    'hip_out': (-12, 55),
    'hip_twist': (-35, 45),
    'knee_flex': (0, 142),
    'ankle': (-45, 30),
    'arm_raise': (-80, 80),
    'arm_swing': (-50, 165),
    'arm_front': (-25, 115),
    'arm_twist': (-90, 85),
    'elbow': (0, 142),
    'forearm': (-70, 70),
    'wrist': (-55, 55),
    'wrist_side': (-20, 25),
    'collar': (-8, 25),
    'collar_front': (-12, 22),
}
"""Of the joints of one side."""

TRUNK_LIMITS = {
    'bend': (-25, 70),
    'lean': (-30, 30),
    'turn': (-45, 45),
    'nod': (-40, 45),
    'tilt': (-30, 30),
    'look': (-70, 70),
}

DEVIATION = {
    'arm_twist': 12.0,
    'forearm': 25.0,
    'wrist': 15.0,
    'hip_twist': 8.0,
    'collar': 5.0,
    'lean': 5.0,
    'turn': 9.0,
    'nod': 11.0,
    'tilt': 7.0,
    'look': 22.0,
}
"""Of angles that a posture does not list, about 0; 5 degrees for others."""

LEGS = {
    'straight': {'hip_flex': (1, 5), 'hip_out': (5, 4), 'knee_flex': (5, 4), 'ankle': (2, 4)},
    'apart': {'hip_flex': (4, 8), 'hip_out': (18, 8), 'hip_twist': (10, 10), 'knee_flex': (9, 7)},
    'resting': {
        'hip_flex': (16, 8),
        'hip_out': (8, 6),
        'hip_twist': (12, 9),
        'knee_flex': (24, 10),
    },
    'bowing': {'hip_flex': (52, 16), 'hip_out': (7, 5), 'knee_flex': (14, 12)},
    'squatting': {
        'hip_flex': (104, 10),
        'hip_out': (19, 9),
        'hip_twist': (12, 9),
        'knee_flex': (122, 11),
    },
    'half_squat': {
        'hip_flex': (58, 14),
        'hip_out': (17, 9),
        'hip_twist': (9, 9),
        'knee_flex': (68, 16),
    },
    'knee_down': {
        'hip_flex': (4, 12),
        'hip_out': (5, 4),
        'knee_flex': (97, 12),
        'ankle': (-25, 15),
    },
    'on_heels': {
        'hip_flex': (78, 10),
        'hip_out': (10, 7),
        'knee_flex': (136, 4),
        'ankle': (-36, 7),
    },
    'foot_forward': {'hip_flex': (88, 10), 'hip_out': (8, 6), 'knee_flex': (88, 12)},
    'seated': {'hip_flex': (84, 8), 'hip_out': (11, 8), 'hip_twist': (2, 8), 'knee_flex': (82, 16)},
    'seated_out': {
        'hip_flex': (76, 8),
        'hip_out': (10, 8),
        'knee_flex': (30, 16),
        'ankle': (-5, 10),
    },
    'floor_out': {
        'hip_flex': (82, 9),
        'hip_out': (13, 9),
        'knee_flex': (10, 8),
        'ankle': (-10, 12),
    },
    'floor_bent': {'hip_flex': (108, 8), 'hip_out': (10, 7), 'knee_flex': (98, 16)},
    'floor_crossed': {
        'hip_flex': (92, 6),
        'hip_out': (42, 6),
        'hip_twist': (34, 6),
        'knee_flex': (116, 8),
    },
    'lying_straight': {
        'hip_flex': (4, 7),
        'hip_out': (9, 7),
        'knee_flex': (9, 8),
        'ankle': (-18, 12),
    },
    'lying_bent': {'hip_flex': (50, 18), 'hip_out': (9, 8), 'knee_flex': (80, 22)},
    'tucked': {'hip_flex': (68, 22), 'hip_out': (13, 9), 'knee_flex': (85, 24), 'ankle': (-18, 12)},
    'flying': {'hip_flex': (8, 20), 'hip_out': (22, 12), 'knee_flex': (24, 18), 'ankle': (-25, 10)},
    'behind': {'hip_flex': (-16, 8), 'hip_out': (6, 5), 'knee_flex': (28, 20), 'ankle': (-10, 12)},
    'kicking': {
        'hip_flex': (66, 20),
        'hip_out': (12, 10),
        'knee_flex': (24, 18),
        'ankle': (-20, 12),
    },
    'wound_up': {
        'hip_flex': (-22, 6),
        'hip_out': (12, 8),
        'knee_flex': (82, 18),
        'ankle': (-20, 10),
    },
    'lifted': {'hip_flex': (84, 16), 'hip_out': (10, 8), 'knee_flex': (92, 18), 'ankle': (-8, 12)},
    'tree': {'hip_flex': (52, 8), 'hip_out': (40, 8), 'hip_twist': (30, 8), 'knee_flex': (112, 10)},
    'split': {
        'hip_flex': (12, 12),
        'hip_out': (38, 9),
        'hip_twist': (14, 10),
        'knee_flex': (16, 14),
    },
}

ARMS = {
    'hang': {'arm_raise': (-67, 6), 'arm_swing': (2, 10), 'elbow': (18, 12)},
    'bent': {'arm_raise': (-61, 8), 'arm_swing': (12, 15), 'arm_twist': (5, 16), 'elbow': (78, 24)},
    'front': {'arm_raise': (-62, 11), 'arm_swing': (74, 22), 'elbow': (28, 22), 'collar': (4, 5)},
    'side': {'arm_raise': (-8, 22), 'arm_front': (25, 24), 'arm_twist': (0, 24), 'elbow': (32, 26)},
    'up': {'arm_raise': (52, 14), 'arm_front': (16, 10), 'elbow': (32, 24), 'collar': (14, 5)},
    'lap': {'arm_raise': (-67, 6), 'arm_swing': (27, 9), 'arm_twist': (10, 14), 'elbow': (46, 15)},
    'crossed': {
        'arm_raise': (-64, 5),
        'arm_swing': (32, 8),
        'arm_twist': (66, 8),
        'elbow': (98, 10),
        'collar_front': (8, 5),
    },
    'on_hip': {
        'arm_raise': (-44, 7),
        'arm_swing': (-14, 8),
        'arm_twist': (58, 10),
        'elbow': (88, 12),
        'wrist': (20, 15),
    },
    'at_head': {
        'arm_raise': (26, 13),
        'arm_front': (32, 14),
        'arm_twist': (-62, 13),
        'elbow': (124, 9),
        'collar': (12, 5),
    },
    'at_ear': {
        'arm_raise': (-52, 10),
        'arm_swing': (48, 14),
        'arm_twist': (6, 12),
        'elbow': (132, 6),
    },
    'at_chin': {
        'arm_raise': (-63, 8),
        'arm_swing': (38, 10),
        'arm_twist': (30, 10),
        'elbow': (126, 8),
    },
    'holding': {
        'arm_raise': (-64, 7),
        'arm_swing': (24, 12),
        'arm_twist': (26, 12),
        'elbow': (88, 16),
    },
    'reading': {
        'arm_raise': (-64, 7),
        'arm_swing': (46, 12),
        'arm_twist': (18, 12),
        'elbow': (82, 18),
        'forearm': (-30, 20),
    },
    'waving': {
        'arm_raise': (4, 16),
        'arm_front': (20, 15),
        'arm_twist': (-72, 12),
        'elbow': (76, 24),
    },
    'behind': {
        'arm_raise': (-68, 5),
        'arm_swing': (-32, 8),
        'arm_twist': (52, 14),
        'elbow': (48, 18),
    },
    'cocked': {
        'arm_raise': (8, 14),
        'arm_front': (-8, 10),
        'arm_twist': (-62, 16),
        'elbow': (92, 20),
        'collar': (8, 5),
    },
    'across': {
        'arm_raise': (-28, 18),
        'arm_front': (84, 16),
        'arm_swing': (10, 14),
        'elbow': (36, 24),
        'collar_front': (10, 6),
    },
    'overhead': {'arm_raise': (64, 9), 'arm_front': (8, 10), 'elbow': (48, 34), 'collar': (18, 4)},
    'pump': {'arm_raise': (-66, 6), 'arm_swing': (0, 8), 'arm_twist': (14, 12), 'elbow': (88, 14)},
    'down': {'arm_raise': (-66, 9), 'arm_swing': (62, 22), 'elbow': (16, 13)},
    'loose': {
        'arm_raise': (-20, 38),
        'arm_swing': (20, 34),
        'arm_front': (22, 28),
        'arm_twist': (0, 32),
        'elbow': (56, 36),
    },
}
