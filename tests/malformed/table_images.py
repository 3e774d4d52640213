"""Images that cannot be used."""

from __future__ import annotations

import io
import os
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

from mroi_plugin.datasets.sample_errors import InvalidSampleError

END = b'\xff\xd9'
PIXELS = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)


def png(width=640, height=480, body=b''):
    """A PNG file with a true header and any body."""

    def chunk(kind, data):
        return (
            struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
        )

    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', body) + chunk(b'IEND', b'')
    )


def encoded(extension):
    return cv2.imencode(extension, PIXELS)[1].tobytes()


def progressive():
    return cv2.imencode('.jpg', PIXELS, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()


def cmyk():
    file = io.BytesIO()
    Image.fromarray(PIXELS).convert('CMYK').save(file, 'JPEG')
    return file.getvalue()


def bomb(width=20000, height=20000, size=692):
    """A JPEG file of few bytes that claims to be large."""
    data = _with_size(cv2.imencode('.jpg', PIXELS[:16, :16])[1].tobytes(), width, height)
    return data[:-2].ljust(size - 2, b'\0')[: size - 2] + END


def dangling(scene):
    os.symlink(scene.folder / 'nowhere', scene.folder / 'bad.jpg')
    return scene.image(None)


def folder(scene):
    (scene.folder / 'bad.jpg').mkdir()
    return scene.image(None)


def special(make):
    """A path that gives nothing, or never ends, to who opens it."""

    def spoil(scene):
        make(scene.folder / 'bad.jpg')
        return scene.image(None)

    return spoil


def with_thumbnail(scene):
    """Cut off, but with a whole thumbnail in front: its end is not the image's."""
    whole, thumbnail = scene.good_image(), cv2.imencode('.jpg', PIXELS[:32, :32])[1].tobytes()
    marker = b'\xff\xe1' + struct.pack('>H', len(thumbnail) + 2)
    return whole[:2] + marker + thumbnail + whole[2 : len(whole) // 2]


DECODE = 'cannot be decoded as an image'
CONTENTS = {
    'empty': lambda s: b'',
    'text': lambda s: b'no picture',
    'html instead of a download': lambda s: b'<!DOCTYPE html><title>404</title>',
    'zeros': lambda s: bytes(4096),
    'noise': lambda s: np.random.default_rng(0).bytes(4096),
    'jpeg without data': lambda s: s.good_image()[:20],
    'jpeg header alone': lambda s: s.good_image()[:400],
    'jpeg cut in the middle': lambda s: s.good_image()[: len(s.good_image()) // 2],
    'jpeg cut at the last byte': lambda s: s.good_image()[:-2],
    'jpeg cut, with a thumbnail': with_thumbnail,
    'jpeg whose size is zero': lambda s: _with_size(s.good_image(), 0, 0),
    'png header alone': lambda s: png(),
    'png cut in the middle': lambda s: encoded('.png')[:5000],
    'png of noise': lambda s: png(body=np.random.default_rng(0).bytes(999)),
    'jpeg cut, with an end': lambda s: s.good_image()[: len(s.good_image()) // 2] + END,
    'jpeg cut near its end, with an end': lambda s: s.good_image()[:-400] + END,
    'progressive jpeg cut, with an end': lambda s: progressive()[: len(progressive()) // 2] + END,
    'jpeg in CMYK cut, with an end': lambda s: cmyk()[: len(cmyk()) // 2] + END,
    'bmp cut': lambda s: encoded('.bmp')[:500],
    'gzip': lambda s: b'\x1f\x8b\x08' + bytes(100),
    'pdf': lambda s: b'%PDF-1.4\n' + bytes(100),
}


def _with_size(jpeg, width, height):
    at = jpeg.index(b'\xff\xc0')
    return jpeg[: at + 5] + struct.pack('>HH', height, width) + jpeg[at + 9 :]


LARGE = {
    'jpeg of 692 bytes, 20000 x 20000': (lambda s: bomb(), '(692 bytes) claims 20000x20000 pixels'),
    'jpeg of 65000 x 65000': (lambda s: bomb(65000, 65000), 'claims 65000x65000 pixels'),
    'png of 60000 x 60000': (lambda s: png(60000, 60000), 'claims 60000x60000 pixels, more than'),
    'png of 12000 x 12000': (lambda s: png(12000, 12000), 'claims 12000x12000 pixels, more than'),
}


def _case(content):
    """Read, and decoded: some damage shows only there."""
    return lambda scene: scene.image(content(scene))


def addressed(name):
    return lambda scene: scene.dataset(scene.folder, image_path=np.array([name] * 8))[0]


WHERE = ['bad.jpg (sample 0 of', 'test.npz']
CASES = [
    *((n, _case(c), InvalidSampleError, [*WHERE, DECODE]) for n, c in CONTENTS.items()),
    *((n, _case(c), InvalidSampleError, [*WHERE, t]) for n, (c, t) in LARGE.items()),
    *(
        (
            f'address {name}',
            addressed(name),
            InvalidSampleError,
            ['(sample 0 of', name, 'the path is an address', 'backend_args'],
        )
        for name in ('s3://bucket/a.jpg', 'http://127.0.0.1/a.jpg', 'a://b://c.jpg', 'x:s3://y')
    ),
    ('missing', lambda s: s.image(None), InvalidSampleError, [*WHERE, 'the image is missing']),
    ('dangling link', dangling, InvalidSampleError, [*WHERE, 'the image is missing']),
    ('folder', folder, InvalidSampleError, [*WHERE, 'cannot be read']),
    ('pipe', special(os.mkfifo), InvalidSampleError, [*WHERE, 'it is no file']),
    (
        'device without an end',
        special(lambda path: os.symlink('/dev/zero', path)),
        InvalidSampleError,
        [*WHERE, 'it is no file'],
    ),
    (
        'name that no file can have',
        lambda s: s.dataset(s.folder, image_path=np.array(['a\0b.jpg'] * 8, object))[0],
        InvalidSampleError,
        ['(sample 0 of', 'cannot be read'],
    ),
    (
        'name longer than a file system takes',
        lambda s: s.dataset(s.folder, image_path=np.array(['x' * 400] * 8))[0],
        InvalidSampleError,
        ['(sample 0 of', 'cannot be read'],
    ),
]
