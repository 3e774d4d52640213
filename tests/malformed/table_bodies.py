"""Body models, regressors and mean parameters that do not fit."""

from __future__ import annotations

import pickle

import numpy as np

from mroi_plugin.models.body_models.official import load_smpl_file
from mroi_plugin.models.body_models.smpl import SMPLBody, load_mean_params

PKL = 'SMPL_NEUTRAL.pkl'
GOOD_MEANS = {'pose': np.zeros(144), 'shape': np.zeros(10), 'cam': np.ones(3)}
ARRAYS = ('v_template', 'f', 'shapedirs', 'posedirs', 'J_regressor', 'weights', 'kintree_table')


V = 7
"""Vertices of a body that is quick to write."""


def small_body():
    rng = np.random.default_rng(0)
    return {
        'v_template': rng.random((V, 3)),
        'f': np.array([[0, 1, 2], [2, 3, 4]], np.uint32),
        'shapedirs': rng.random((V, 3, 10)),
        'posedirs': rng.random((V, 3, 207)),
        'J_regressor': rng.random((24, V)),
        'weights': rng.random((V, 24)),
        'kintree_table': np.arange(48).reshape(2, 24),
    }


def folder_of(scene, **spoilt):
    """SMPL's folder with arrays of the neutral body put in place of good ones; None removes one."""
    folder = scene.folder / 'smpl'
    folder.mkdir()
    content = {name: v for name, v in {**small_body(), **spoilt}.items() if v is not None}
    (folder / PKL).write_bytes(pickle.dumps(content, protocol=2))
    for name, joints in (('h36m', 17), ('extra', 9)):
        np.save(folder / f'J_regressor_{name}.npy', np.ones((joints, V)))
    np.savez(folder / 'smpl_mean_params.npz', **GOOD_MEANS)
    return folder


def body(**spoilt):
    return lambda scene: SMPLBody(str(folder_of(scene, **spoilt)))


def body_file(content, name='SMPL_NEUTRAL.pkl'):
    """A body whose file has this content."""

    def spoil(scene):
        (folder_of(scene) / name).write_bytes(content)
        return SMPLBody(str(scene.folder / 'smpl'))

    return spoil


def cut(scene):
    path = folder_of(scene) / 'SMPL_NEUTRAL.pkl'
    path.write_bytes(path.read_bytes()[:1000])
    return SMPLBody(str(path.parent))


def regressor(name, array):
    def spoil(scene):
        folder = folder_of(scene)
        np.save(folder / f'{name}.npy', array)
        return SMPLBody(str(folder))

    return spoil


def removed(name):
    def spoil(scene):
        folder = folder_of(scene)
        (folder / name).unlink()
        return SMPLBody(str(folder)) if 'mean' not in name else load_mean_params(str(folder))

    return spoil


def means(**spoilt):
    """Mean parameters with arrays put in place of good ones; None removes one."""

    def spoil(scene):
        folder = folder_of(scene)
        content = {name: v for name, v in {**GOOD_MEANS, **spoilt}.items() if v is not None}
        np.savez(folder / 'smpl_mean_params.npz', **content)
        return load_mean_params(str(folder))

    return spoil


def means_file(scene):
    (folder_of(scene) / 'smpl_mean_params.npz').write_bytes(b'404')
    return load_mean_params(str(scene.folder / 'smpl'))


WRONG = {
    'template in 2D': (body(v_template=np.zeros((V, 2))), 'v_template is of shape (7, 2)'),
    'template in a row': (body(v_template=np.zeros(21)), 'v_template is of shape (21,)'),
    'template no number': (body(v_template=np.full((V, 3), np.nan)), 'v_template is of type'),
    'template a number': (body(v_template=3.0), 'v_template is of shape ()'),
    'faces of quads': (body(f=np.zeros((9, 4), int)), 'f is of shape (9, 4)'),
    'faces beyond': (body(f=np.full((9, 3), V)), 'f is up to 7, expected vertices 0..6'),
    'eight shapes': (body(shapedirs=np.zeros((V, 3, 8))), 'shapedirs is of 8 shapes'),
    'shapes of another body': (body(shapedirs=np.zeros((99, 3, 10))), 'shapedirs is of shape (99'),
    'pose directions of SMPL-X': (body(posedirs=np.zeros((V, 3, 486))), 'posedirs is of shape'),
    'joints of SMPL-X': (body(J_regressor=np.zeros((55, V))), 'J_regressor is of shape (55, 7)'),
    'weights of SMPL-X': (body(weights=np.zeros((V, 55))), 'weights is of shape (7, 55)'),
    'weights are texts': (body(weights=np.full((V, 24), 'a')), 'weights is of type'),
    'tree of SMPL-X': (body(kintree_table=np.zeros((2, 55))), 'kintree_table is of shape (2, 55)'),
    **{f'without {name}': (body(**{name: None}), f'lacks {name}') for name in ARRAYS},
    'empty pickle': (body_file(b''), 'is no SMPL file'),
    'text': (body_file(b'<html>please log in</html>'), 'is no SMPL file'),
    'pickle cut': (cut, 'is no SMPL file'),
    'pickled list': (body_file(pickle.dumps([1, 2])), 'holds a list'),
}
OTHERS = [
    (
        'npz of nothing',
        lambda s: load_smpl_file(s.write(b'', 'SMPL_MALE.npz')),
        ValueError,
        ['SMPL_MALE.npz is no SMPL file'],
    ),
    (
        'no such file',
        lambda s: load_smpl_file(str(s.folder / 'SMPL_MALE.pkl')),
        FileNotFoundError,
        ['SMPL_MALE.pkl: no such SMPL file'],
    ),
    (
        'no folder',
        lambda s: SMPLBody(str(s.folder / 'none')),
        FileNotFoundError,
        ['SMPL_NEUTRAL.pkl or SMPL_NEUTRAL.npz', 'register', 'free_body=True'],
    ),
    (
        'unknown gender',
        lambda s: SMPLBody(gender='both', free_body=True),
        ValueError,
        ["gender='both'", 'neutral, male, female'],
    ),
    (
        'no h36m regressor',
        removed('J_regressor_h36m.npy'),
        FileNotFoundError,
        ['J_regressor_h36m.npy is'],
    ),
    (
        'no extra regressor',
        removed('J_regressor_extra.npy'),
        FileNotFoundError,
        ['J_regressor_extra.npy is neither'],
    ),
    (
        'regressor of 24 joints',
        regressor('J_regressor_h36m', np.zeros((24, V))),
        ValueError,
        ['J_regressor_h36m.npy: J_regressor_h36m is of shape (24, 7)', '(17, 7)'],
    ),
    (
        'regressor of another body',
        regressor('J_regressor_extra', np.zeros((9, 431))),
        ValueError,
        ['J_regressor_extra.npy', '(9, 431)'],
    ),
    (
        'regressor no number',
        regressor('J_regressor_extra', np.full((9, V), np.inf)),
        ValueError,
        ['J_regressor_extra.npy', 'not finite'],
    ),
    (
        'no mean parameters',
        removed('smpl_mean_params.npz'),
        FileNotFoundError,
        ['smpl_mean_params.npz'],
    ),
    ('mean parameters are a page', means_file, ValueError, ['smpl_mean_params.npz cannot be read']),
    (
        'mean pose in axis-angle',
        means(pose=np.zeros(72)),
        ValueError,
        ['pose is of shape (72,)', '144'],
    ),
    ('mean shape of 300', means(shape=np.zeros(300)), ValueError, ['shape is of shape (300,)']),
    ('mean camera no number', means(cam=np.full(3, np.nan)), ValueError, ['npz: cam is']),
    ('no mean camera', means(cam=None), ValueError, ['smpl_mean_params.npz lacks cam']),
]
CASES = [
    *((name, case, ValueError, [PKL, said]) for name, (case, said) in WRONG.items()),
    *OTHERS,
]
