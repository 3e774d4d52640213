_base_ = 'mroi.py'

# COCO 2D-pose weights, see docs of the pose library they come from.
model = dict(
    backbone=dict(
        type='mmhuman3d.ResNet',
        depth=50,
        out_indices=(3,),
        norm_cfg=dict(type='BN', requires_grad=True),
        norm_eval=False,
        style='pytorch',
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='data/pretrained/res50_coco_256x192.pth',
        ),
    ),
)
