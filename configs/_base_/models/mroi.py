# Everything of the model but its backbone. The terms of cameras and joints depend neither on M nor
# on the image's resolution, and the weights are chosen by the gradients they send to the backbone
# (mroi train --report-gradients, docs/training.md). The papers print sums over RoIs, in pixels and
# squares, and 1.0, 0.1 and 0.001 for camera, contrastive and betas; see docs/method.md.
model = dict(
    type='MultiRoIEstimator',
    data_preprocessor=dict(type='MultiRoIPreprocessor'),
    head=dict(
        type='RoIAwareFusionHead',
        num_rois=5,
        fusion=dict(score='mlp', relation='subtract_then_encode', num_freqs=32),
        embedding=dict(gate='sigmoid'),
        mesh_from='mean',
        bbox_condition='own',
        decoder=dict(type='HMRRegressor'),
        mean_params=dict(model_path='data/body_models/smpl', free_body=False),
    ),
    body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=False),
    losses=dict(
        camera=dict(type='CameraConsistencyLoss', loss_weight=0.5),
        contrastive=dict(type='MultiRoIContrastiveLoss', loss_weight=0.005),
        keypoints2d=dict(type='ReprojectionLoss', loss_weight=5.0),
        keypoints3d=dict(type='Keypoints3DLoss', loss_weight=5.0),
        pose=dict(type='SMPLPoseLoss', loss_weight=1.0),
        betas=dict(type='SMPLBetasLoss', loss_weight=0.5),
        vertices=dict(type='VertexLoss', loss_weight=1.0),
    ),
    loss_scale=60.0,
)
