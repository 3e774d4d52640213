# HMR's network: the pretrained backbone of mroi_open and an iterative regressor on its features.
_base_ = ['./synthetic.py']

model = dict(
    architecture=dict(
        type='ImageBodyModelEstimator',
        backbone=dict(type='BlazePose', variant='full_synthetic', trainable='none'),
        head=dict(
            type='HMRHead',
            feat_dim=888,
            smpl_mean_params=dict(model_path='data/body_models/smpl', free_body=True),
        ),
        body_model_train=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
        body_model_test=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
        convention='smpl_54',
        loss_keypoints3d=dict(type='SmoothL1Loss', loss_weight=100),
        loss_keypoints2d=dict(type='SmoothL1Loss', loss_weight=10),
        loss_vertex=dict(type='L1Loss', loss_weight=2),
        loss_smpl_pose=dict(type='MSELoss', loss_weight=3),
        loss_smpl_betas=dict(type='MSELoss', loss_weight=0.02),
    ),
)
