"""Checkpoints that are none, or of something else."""

from __future__ import annotations

import torch

from mroi_plugin.engine.checkpoints import (
    CheckpointMismatchError,
    check_checkpoint,
    read_checkpoint,
    read_state_dict,
)
from mroi_plugin.engine.resume import check_resumable, latest_checkpoint

WEIGHTS = {'a': torch.ones(2)}
WHOLE = {'state_dict': WEIGHTS, 'meta': {'epoch': 1, 'iter': 4}, 'message_hub': {}, 'optimizer': {}}


def content(value, read=read_checkpoint):
    """A file of ``torch.save``."""
    return lambda scene: read(scene.save(value))


def raw(data, read=read_checkpoint):
    """A file of these bytes."""
    return lambda scene: read(scene.write(data))


def cut(share):
    def spoil(scene):
        path = scene.save({'state_dict': {'a': torch.ones(9999)}})
        with open(path, 'rb') as file:
            data = file.read()
        return read_checkpoint(scene.write(data[: int(share * len(data))]))

    return spoil


def fitted(spoil):
    """A checkpoint of the model with its state dict spoilt."""

    def check(scene):
        model = scene.model()
        state = dict(model.state_dict())
        spoil(state)
        check_checkpoint(model, scene.save({'state_dict': state}))

    return check


def resumed(**spoilt):
    """A whole checkpoint with entries spoilt; None removes one."""
    entries = {name: v for name, v in {**WHOLE, **spoilt}.items() if v is not None}
    return content(entries, check_resumable)


def folder_of_damaged(scene):
    scene.write(b'', 'epoch_1.pth')
    scene.write(b'PK', 'iter_20.pth')
    return latest_checkpoint(str(scene.folder))


BIAS, SCORE = 'head.mesh_decoder.fc1.bias', 'head.camera_decoder.fc2.weight'
READ = {
    'empty': (raw(b''), 'is no readable checkpoint'),
    'text': (raw(b'hello'), 'is no readable checkpoint'),
    'page': (raw(b'<!DOCTYPE html>'), 'is no readable checkpoint'),
    'zeros': (raw(bytes(999)), 'is no readable checkpoint'),
    'zip header alone': (raw(b'PK\x03\x04' + bytes(99)), 'is no readable checkpoint'),
    'cut near the start': (cut(0.1), 'is no readable checkpoint'),
    'cut in the middle': (cut(0.5), 'Copy or download it again'),
    'cut near the end': (cut(0.99), 'is no readable checkpoint'),
    'list': (content([1, 2]), 'holds a list'),
    'tensor': (content(torch.ones(2)), 'holds a Tensor'),
    'whole model': (content(torch.nn.Linear(2, 1)), 'nothing is executed'),
    'nothing': (content({}), 'state_dict holds nothing'),
    'empty state dict': (content({'state_dict': {}}), 'expected tensors by name'),
    'state dict is a list': (content({'state_dict': [1]}), 'state_dict holds list'),
    'state dict is None': (content({'state_dict': None}), 'state_dict holds NoneType'),
    'numbers instead of tensors': (content({'state_dict': {'a': 1}}), 'state_dict holds a'),
    'foreign text': (raw(b'hello', read_state_dict), 'is no readable checkpoint'),
    'foreign without tensors': (content({'model': {'a': 1}}, read_state_dict), 'holds a'),
    'resumed without optimizer': (resumed(optimizer=None), 'has no optimizer'),
    'resumed without meta': (resumed(meta=None), 'has no meta'),
    'resumed without epoch': (resumed(meta={'iter': 1}), 'has no meta.epoch'),
    'resumed without iteration': (resumed(meta={'epoch': 1, 'iter': '4'}), 'has no meta.iter'),
    'resumed without history': (resumed(message_hub=None), 'has no message_hub'),
    'resumed from weights alone': (content(WEIGHTS, check_resumable), 'set load_from to it'),
}
MISMATCHES = {
    'a weight is missing': (
        fitted(lambda s: s.pop(BIAS)),
        f'1 parameters are missing, first {BIAS}',
    ),
    'a weight too many': (
        fitted(lambda s: s.update(extra=torch.ones(1))),
        '1 are not of this model, first extra',
    ),
    'a weight of another shape': (
        fitted(lambda s: s.update({SCORE: torch.ones(2, 2)})),
        f'{SCORE} is (2, 2), expected (16, 16)',
    ),
    'all names with a prefix': (
        fitted(lambda s: [s.update({f'net.{key}': s.pop(key)}) for key in list(s)]),
        'first net.',
    ),
}
CASES = [
    *((name, case, ValueError, ['a.pth', said]) for name, (case, said) in READ.items()),
    *(
        (name, case, CheckpointMismatchError, ['a.pth does not fit', said, 'Use the config'])
        for name, (case, said) in MISMATCHES.items()
    ),
    (
        'missing',
        lambda s: read_checkpoint('gone.pth'),
        FileNotFoundError,
        ['gone.pth: no such', 'train'],
    ),
    ('folder', lambda s: read_checkpoint(str(s.folder)), FileNotFoundError, ['no such checkpoint']),
    ('foreign and missing', lambda s: read_state_dict('gone.pth'), FileNotFoundError, ['gone.pth']),
    ('work dir of damaged ones', folder_of_damaged, ValueError, ['none of its 2', '--resume CKPT']),
]
