# SPIN's network and losses on annotated SMPL parameters. Its fits in the loop start from static
# fits and pose priors that are not public; with the true parameters of every image they have no
# work.
_base_ = ['../_base_/hosts/regressor.py']

model = dict(
    architecture=dict(
        loss_keypoints3d=dict(type='MSELoss', loss_weight=300),
        loss_keypoints2d=dict(type='MSELoss', loss_weight=300),
        loss_vertex=None,
        loss_smpl_pose=dict(type='MSELoss', loss_weight=60),
        loss_smpl_betas=dict(type='MSELoss', loss_weight=60 * 0.001),
        loss_camera=dict(type='CameraPriorLoss', loss_weight=60),
    ),
)
