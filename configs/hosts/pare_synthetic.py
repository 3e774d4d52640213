# PARE, first stage, without the part segmentation that mmhuman3d renders with pytorch3d.
_base_ = ['../_base_/hosts/small.py']

model = dict(
    architecture=dict(
        backbone=dict(
            _delete_=True,
            type='PoseHighResolutionNet',
            norm_cfg=dict(type='BN', requires_grad=True),
            norm_eval=False,
            num_joints=24,
            extra=dict(
                stage1=dict(
                    num_modules=1,
                    num_branches=1,
                    block='BOTTLENECK',
                    num_blocks=(1,),
                    num_channels=(32,),
                ),
                stage2=dict(
                    num_modules=1,
                    num_branches=2,
                    block='BASIC',
                    num_blocks=(1, 1),
                    num_channels=(16, 32),
                ),
                stage3=dict(
                    num_modules=1,
                    num_branches=3,
                    block='BASIC',
                    num_blocks=(1, 1, 1),
                    num_channels=(16, 32, 64),
                ),
                stage4=dict(
                    num_modules=1,
                    num_branches=4,
                    block='BASIC',
                    num_blocks=(1, 1, 1, 1),
                    num_channels=(16, 32, 64, 128),
                ),
                return_list=False,
                downsample=False,
                use_conv=True,
                pretrained_layers=['*'],
                final_conv_kernel=1,
            ),
        ),
        head=dict(
            _delete_=True,
            type='PareHead',
            backbone='hrnet_w16-conv',
            num_joints=24,
            num_input_features=240,
            num_deconv_layers=2,
            num_deconv_filters=(64, 64),
            num_deconv_kernels=(3, 3),
            use_heatmaps='part_segm',
            use_keypoint_attention=True,
            smpl_mean_params=dict(model_path='data/body_models/smpl', free_body=True),
        ),
        loss_keypoints3d=dict(type='MSELoss', loss_weight=300),
        loss_keypoints2d=dict(type='MSELoss', loss_weight=300),
        loss_vertex=None,
        loss_smpl_pose=dict(type='MSELoss', loss_weight=60),
        loss_smpl_betas=dict(type='MSELoss', loss_weight=60 * 0.001),
        loss_camera=dict(type='CameraPriorLoss', loss_weight=60),
    ),
)
