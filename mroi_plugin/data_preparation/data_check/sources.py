"""Sources of the files of the papers' recipes."""

from __future__ import annotations

import fnmatch
import os.path as osp

SOURCES = (
    (
        'SMPL_*.pkl',
        'SMPL web site (registration): SMPL for Python; the neutral body from SMPLify',
    ),
    ('J_regressor_*.npy', "mmhuman3d's body model files (docs/body_models.md there)"),
    ('smpl_mean_params.npz', "SPIN's data, also among mmhuman3d's body model files"),
    (
        'h36m*.npz',
        "Human3.6M web site (registration); mmhuman3d's h36m converter, poses of MoSh",
    ),
    ('mpi_inf_3dhp*.npz', "MPI-INF-3DHP web site (request); mmhuman3d's mpi_inf_3dhp converter"),
    (
        'cliff_*.npz',
        "images of COCO train2014 or MPII; the pseudo ground truth of CLIFF's authors by "
        "mroi import-annotations cliff or mmhuman3d's cliff converter",
    ),
    ('coco*.npz', "COCO train2014; mmhuman3d's coco converter (2D joints alone)"),
    ('eft*.npz', "EFT's fits (web site of EFT); mmhuman3d's eft converter"),
    ('mpii*.npz', "MPII web site; mmhuman3d's mpii converter (2D joints alone)"),
    (
        'pw3d*.npz',
        "3DPW web site; mmhuman3d's pw3d converter, then mroi complete-annotations --pw3d-root",
    ),
    (
        'agora*.npz',
        'images of AGORA, labels for SMPL from the BEDLAM web site (registration); '
        'mroi import-annotations bedlam, then mroi complete-annotations',
    ),
    (
        'bedlam*.npz',
        'BEDLAM web site (registration), labels for SMPL; mroi import-annotations bedlam, then '
        'mroi complete-annotations',
    ),
    ('synthetic*.npz', 'mroi make-data'),
    ('res50_coco*.pth', '2D-pose weights of MMPose or PoseResNet; mroi convert-checkpoint'),
    ('hrnet_w48_coco*.pth', '2D-pose weights of MMPose or HRNet; mroi convert-checkpoint'),
)
"""Pattern of a file's name, official source and the tool that makes the file of it."""


def where_from(path: str) -> str:
    """Source of a file, empty if it is unknown."""
    name = osp.basename(path)
    return next((text for pattern, text in SOURCES if fnmatch.fnmatch(name, pattern)), '')
