"""HumanData files that are none, or say what cannot be."""

from __future__ import annotations

import io
import shutil
import zipfile

import numpy as np

from mroi_plugin.datasets.annotations import read_poses

NAN = float('nan')
NAMES = np.array([f'test/{i:06d}.jpg' for i in range(8)])


def file(content, name='test.npz'):
    """A data set of a file of this content."""

    def spoil(scene):
        return scene.read(scene.write(content(scene) if callable(content) else content, name))

    return spoil


def columns(**spoilt):
    """A data set in whose file these columns stand in place of good ones; None removes one."""
    return lambda scene: scene.dataset(**spoilt)


def smpl(**spoilt):
    """The same for entries of ``smpl``."""
    return lambda scene: scene.dataset(smpl={**scene.annotations()['smpl'], **spoilt})


def _percent(key):
    """The same with confidences of 0 to 100."""

    def spoil(scene):
        return scene.dataset(**{key: scene.annotations()[key] * ([1] * int(key[9]) + [100])})

    return spoil


def zipped(**entries):
    """A zip file of texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def good(scene):
    scene.dataset()
    shutil.rmtree(scene.folder / 'test.smpl_54.index')  # it would do without the file's content
    return (scene.folder / 'test.npz').read_bytes()


def flipped(scene):
    """A file of which one byte in the middle was changed."""
    content = bytearray(good(scene))
    content[len(content) // 2] ^= 255
    return bytes(content)


def read_fully(scene):
    dataset = file(flipped)(scene)
    return [dataset[i] for i in range(8)]


FILES = {
    'missing': (
        lambda s: s.read(s.folder / 'gone.npz'),
        FileNotFoundError,
        ['gone.npz (ann_file)', 'docs/data.md'],
    ),
    'folder': (lambda s: s.read(s.folder), FileNotFoundError, ['(ann_file)']),
    'empty file': (file(b''), ValueError, ['test.npz (ann_file) is no HumanData']),
    'text': (
        file('no numpy file'),
        ValueError,
        ['test.npz (ann_file) is no HumanData', 'converter'],
    ),
    'json': (file('{"image_path": []}'), ValueError, ['test.npz (ann_file) is no HumanData']),
    'zip header alone': (
        file(b'PK\x03\x04broken'),
        ValueError,
        ['test.npz (ann_file) is no HumanData'],
    ),
    'zip of texts': (file(zipped(a='b')), ValueError, ['test.npz (ann_file) is no HumanData']),
    'empty zip': (file(zipped()), ValueError, ["holds no 'image_path'"]),
    'cut in the middle': (
        file(lambda s: good(s)[:9000]),
        ValueError,
        ['test.npz (ann_file) is no HumanData'],
    ),
    'a byte changed': (read_fully, ValueError, ['test.npz']),
    'a .npy file': (
        lambda s: (np.save(s.folder / 'a.npy', np.ones(3)), s.read(s.folder / 'a.npy')),
        ValueError,
        ['a.npy (ann_file) is no HumanData'],
    ),
    'no image paths': (
        columns(image_path=None),
        ValueError,
        ["test.npz (ann_file) holds no 'image_path'"],
    ),
    'empty image paths': (columns(image_path=np.array([])), ValueError, ["holds no 'image_path'"]),
}
KEYS = {
    'image paths are numbers': (columns(image_path=np.arange(8)), 'image_path of sample 0'),
    'an image path is empty': (
        columns(image_path=np.array([*NAMES[:7], ''])),
        "image_path of sample 7 is ''",
    ),
    'an image path is none': (
        columns(image_path=np.array([*NAMES[:7], None], object)),
        'image_path of sample 7 is None',
    ),
    'seven image paths': (columns(image_path=NAMES[:7]), 'rows beside 7 image paths'),
    '2D joints without confidence': (
        columns(keypoints2d=np.zeros((8, 54, 2))),
        'keypoints2d is of shape (8, 54, 2), expected (N, 54, 3)',
    ),
    '2D joints of seven': (columns(keypoints2d=np.zeros((7, 54, 3))), 'keypoints2d has 7 rows'),
    '2D joints of another convention': (
        columns(keypoints2d=np.zeros((8, 17, 3))),
        'keypoints2d is of shape (8, 17, 3)',
    ),
    '2D joints are texts': (
        columns(keypoints2d=np.full((8, 54, 3), 'x')),
        'keypoints2d is of type',
    ),
    '2D joints in a row': (columns(keypoints2d=np.zeros((8, 162))), 'keypoints2d is of shape'),
    '2D joints without mask': (columns(keypoints2d_mask=None), 'keypoints2d_mask is missing'),
    '3D joints without mask': (columns(keypoints3d_mask=None), 'keypoints3d_mask is missing'),
    '3D joints in 2D': (columns(keypoints3d=np.zeros((8, 54, 3))), 'keypoints3d is of shape'),
    'mask of another length': (columns(keypoints2d_mask=np.ones(54)), '190 numbers, 0 or 1'),
    'mask of nothing': (columns(keypoints3d_mask=np.zeros(190)), 'expected (N, 0, 4)'),
    'uncompressed, as it says': (
        columns(**{'__keypoints_compressed__': False}),
        'keypoints2d is of shape (8, 54, 3), expected (N, 190, 3)',
    ),
    'smpl is an array': (
        columns(smpl=np.zeros((8, 72))),
        'smpl is a ndarray, expected a dictionary',
    ),
    'pose of 21 joints': (smpl(body_pose=np.zeros((8, 63))), 'smpl.body_pose is of shape (8, 63)'),
    'pose as matrices': (smpl(body_pose=np.zeros((8, 23, 3, 3))), '69 numbers per person'),
    'pose of seven': (smpl(body_pose=np.zeros((7, 23, 3))), 'smpl.body_pose has 7 rows'),
    'pose is text': (smpl(body_pose=np.full((8, 69), 'a')), 'smpl.body_pose is of type'),
    'orientation as 6D': (smpl(global_orient=np.zeros((8, 6))), 'smpl.global_orient is of shape'),
    'five shape numbers': (smpl(betas=np.zeros((8, 5))), 'smpl.betas is of shape (8, 5)'),
    'one shape for all': (smpl(betas=np.zeros(10)), 'smpl.betas has 10 rows beside 8'),
    'translation in 2D': (smpl(transl=np.zeros((8, 2))), 'smpl.transl is of shape (8, 2)'),
    'has_smpl of seven': (columns(has_smpl=np.ones(7)), 'has_smpl has 7 rows'),
    'has_smpl of two': (columns(has_smpl=np.ones((8, 2))), 'has_smpl is of shape (8, 2)'),
    'has_smpl is text': (columns(has_smpl=np.full(8, 'yes')), 'has_smpl is of type'),
    'meta is a list': (columns(meta=np.array(['male'] * 8)), 'meta is a ndarray'),
    'no gender': (
        columns(meta={'gender': ['male'] * 6 + ['', 'x']}),
        "meta.gender of 2 persons, first sample 6, is '', expected 'male', 'female'",
    ),
    'gender is 2': (columns(meta={'gender': np.full(8, 2)}), "first sample 0, is '2'"),
    'gender is NaN': (columns(meta={'gender': [NAN] * 8}), "first sample 0, is 'nan'"),
    'confidence in percent': (
        _percent('keypoints2d'),
        'keypoints2d: largest confidence of 8 persons, first sample 0 (',
    ),
    'confidence in percent in 3D': (
        _percent('keypoints3d'),
        "expected 0..1, or COCO's visibility 0, 1 or 2",
    ),
    'transposed camera matrix': (
        columns(cam_param={'K': np.tile([[900.0, 0, 0], [0, 900, 0], [320, 240, 1]], (8, 1, 1))}),
        'last row of cam_param.in_mat of 8 persons',
    ),
    'camera matrix of seven': (
        columns(cam_param=[np.eye(3) * 900] * 7),
        'cam_param has 7 cameras',
    ),
    'normalized camera matrix': (
        columns(cam_param=[np.diag([0.9, 0.9, 1.0])] * 8),
        'cam_param of 8 samples has a focal length below 1',
    ),
    'genders of seven': (columns(meta={'gender': ['male'] * 7}), 'meta.gender has 7 rows'),
    'misc is a text': (columns(misc='free'), 'misc is a str'),
}
OTHERS = [
    (
        'rendered from another body',
        lambda s: s.read(_of_another_body(s), body_model=dict(type='SMPLBody', free_body=True)),
        ValueError,
        ['was rendered from the body another', 'mroi make-data --force'],
    ),
    (
        'joints of an unknown convention',
        lambda s: s.read(_good_file(s), convention='smpl_99'),
        ValueError,
        ["convention='smpl_99' is unknown", 'smpl_54'],
    ),
    (
        'padding of zero',
        lambda s: s.read(_good_file(s), box_padding=0),
        ValueError,
        ['box_padding=0'],
    ),
    (
        'padding that is no number',
        lambda s: s.read(_good_file(s), box_padding=NAN),
        ValueError,
        ['box_padding=nan'],
    ),
    (
        'poses without smpl',
        lambda s: read_poses(_file_without(s, 'smpl')),
        ValueError,
        ["test.npz has no 'smpl'", 'body_pose'],
    ),
    (
        'poses of nobody',
        lambda s: read_poses(_poses_of_nobody(s)),
        ValueError,
        ['nobody has SMPL parameters'],
    ),
    (
        'poses of 21 joints',
        lambda s: read_poses(
            _file_with(s, smpl={**s.annotations()['smpl'], 'body_pose': np.ones((8, 63))})
        ),
        ValueError,
        ['test.npz', 'smpl.body_pose'],
    ),
    (
        'poses in a text',
        lambda s: read_poses(s.write('no', 'amass.npz')),
        ValueError,
        ['amass.npz (ann_file) is no HumanData'],
    ),
]


def _file_with(scene, **spoilt):
    content = {**scene.annotations(), **spoilt}
    content = {
        k: v if isinstance(v, np.ndarray) else np.array(v, object) for k, v in content.items()
    }
    np.savez(scene.folder / 'test.npz', **content)
    return str(scene.folder / 'test.npz')


def _poses_of_nobody(scene):
    unknown = np.full((8, 23, 3), NAN)
    return _file_with(scene, smpl={**scene.annotations()['smpl'], 'body_pose': unknown})


def _good_file(scene):
    return _file_with(scene)


def _of_another_body(scene):
    return _file_with(scene, misc={'body': 'another'})


def _file_without(scene, key):
    content = scene.annotations()
    del content[key]
    np.savez(scene.folder / 'test.npz', **{k: np.array(v, object) for k, v in content.items()})
    return str(scene.folder / 'test.npz')


CASES = [
    *((name, *case) for name, case in FILES.items()),
    *(
        (name, case, ValueError, ['test.npz (ann_file)', said])
        for name, (case, said) in KEYS.items()
    ),
    *OTHERS,
]
