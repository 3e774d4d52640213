_base_ = 'mroi.py'

# The four resolutions are average pooled and concatenated: 48 + 96 + 192 + 384 = 720 channels.
model = dict(
    backbone=dict(
        type='mmhuman3d.PoseHighResolutionNet',
        norm_eval=False,
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(4,),
                num_channels=(64,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=(4, 4),
                num_channels=(48, 96),
            ),
            stage3=dict(
                num_modules=4,
                num_branches=3,
                block='BASIC',
                num_blocks=(4, 4, 4),
                num_channels=(48, 96, 192),
            ),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=(4, 4, 4, 4),
                num_channels=(48, 96, 192, 384),
                multiscale_output=True,
            ),
            downsample=False,
            use_conv=False,
            return_list=True,
            final_conv_kernel=1,
            pretrained_layers=['*'],
        ),
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='data/pretrained/hrnet_w48_coco_256x192.pth',
        ),
    ),
)
