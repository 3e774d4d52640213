# HybrIK: joints as heatmaps in a volume, pose by inverse kinematics. As in mmhuman3d, the depth of
# the root is an input, at test too.
_base_ = ['../_base_/hosts/small.py']

model = dict(
    architecture=dict(
        type='HybrIK_trainer',
        _delete_=True,
        backbone={{_base_.model.architecture.backbone}},
        head=dict(
            type='HybrIKHead',
            feature_channel=256,
            deconv_dim=[64, 64, 64],
            num_joints=29,
            depth_dim=16,
            height_dim=16,
            width_dim=16,
            smpl_mean_params=dict(model_path='data/body_models/smpl', free_body=True),
        ),
        body_model=dict(type='HybrIKBody', model_path='data/body_models/smpl', free_body=True),
        loss_beta=dict(type='MSELoss', loss_weight=1),
        loss_theta=dict(type='MSELoss', loss_weight=0.01),
        loss_twist=dict(type='MSELoss', loss_weight=0.01),
        loss_uvd=dict(type='L1Loss', loss_weight=1),
    ),
)
