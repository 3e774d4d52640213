"""Pictures and meshes that lie in the page itself."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import cv2

SHEET_WIDTH = 1600
SOFTER_LIGHT = (
    'tracklight=new THREE.DirectionalLight(0xffffff,1.75);',
    'scene.add(new THREE.HemisphereLight(0xffffff,0x667080,1.1));'
    'tracklight=new THREE.DirectionalLight(0xffffff,0.7);',
)
"""trimesh's viewer lights from the front alone; what turns away is black."""


def picture(path: Path | None) -> str:
    """A picture as a data URL, `SHEET_WIDTH` px wide at most; empty if there is none to read."""
    image = None if path is None else cv2.imread(str(path))
    if image is None:
        return ''
    if (scale := SHEET_WIDTH / image.shape[1]) < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()
    return f'data:image/jpeg;base64,{base64.b64encode(data).decode()}'


def viewer(path: Path) -> str:
    """A page to turn a ``.glb`` scene: trimesh's viewer (MIT), with three.js (MIT) in it."""
    import trimesh
    from trimesh.viewer.notebook import scene_to_html

    scene = trimesh.load(BytesIO(path.read_bytes()), file_type='glb')
    return scene_to_html(scene).replace(*SOFTER_LIGHT)
