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
    head=dict(mean_params=dict(free_body=True), decoder=dict(dropout=0.0)),
    body_model=dict(free_body=True),
    channels_last=True,
)
