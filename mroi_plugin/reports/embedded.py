"""Pictures and meshes that lie in the page itself."""

from __future__ import annotations

import base64
from html import escape
from io import BytesIO
from pathlib import Path

import cv2

SHEET_WIDTH = 1600
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 82]
SOFTER_LIGHT = (
    'tracklight=new THREE.DirectionalLight(0xffffff,1.75);',
    'scene.add(new THREE.HemisphereLight(0xffffff,0x667080,1.1));'
    'tracklight=new THREE.DirectionalLight(0xffffff,0.7);',
)
"""trimesh's viewer lights from the front alone; what turns away is black."""


def picture(path: Path | None, caption: str, alt: str) -> str:
    """A picture that scrolls within itself where the page is too narrow to see anything in it.

    Args:
        path: file, or None.
        caption: above it.
        alt: what it shows, for those who cannot see it.

    Returns:
        Empty if there is no picture to read.
    """
    image = None if path is None else cv2.imread(str(path))
    if image is None:
        return ''
    if image.shape[1] > SHEET_WIDTH:
        size = (SHEET_WIDTH, round(image.shape[0] * SHEET_WIDTH / image.shape[1]))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    data = base64.b64encode(cv2.imencode('.jpg', image, JPEG)[1].tobytes()).decode()
    return (
        f'<figure class="sheet"><figcaption>{escape(caption)}</figcaption>'
        f'<div class="scroll" tabindex="0"><img alt="{escape(alt)}" '
        f'src="data:image/jpeg;base64,{data}"></div></figure>'
    )


def viewer(path: Path, title: str) -> str:
    """A scene to turn, in trimesh's viewer (MIT), which carries three.js (MIT) with it.

    Args:
        path: ``.glb`` file.
        title: of the frame.
    """
    import trimesh
    from trimesh.viewer.notebook import scene_to_html

    scene = trimesh.load(BytesIO(path.read_bytes()), file_type='glb')
    page = scene_to_html(scene).replace(*SOFTER_LIGHT)
    return (
        f'<iframe title="{escape(title)}" sandbox="allow-scripts" srcdoc="{escape(page)}"></iframe>'
    )
