# Multi-RoI with a small backbone on the embedded data: trains on two CPU cores in minutes.
_base_ = [
    '../_base_/models/mroi.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/synthetic.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        type='mmhuman3d.ResNet',
        depth=18,
        out_indices=(3,),
        base_channels=32,
        stem_channels=32,
        norm_cfg=dict(type='BN', requires_grad=True),
        norm_eval=False,
        zero_init_residual=False,
    ),
    head=dict(mean_params=dict(free_body=True), dropout=0.0),
    body_model=dict(free_body=True),
    channels_last=True,
    # From scratch in minutes: the five bodies differ by a hundred pixels at first, the 2D term is a
    # sum over them, and few persons give few negatives. At the papers' weights, which continue from
    # pretrained features, these three would drown what teaches the pose.
    losses=dict(
        camera=dict(loss_weight=0.05),
        keypoints2d=dict(loss_weight=1.0),
        contrastive=dict(loss_weight=0.02),
    ),
)
