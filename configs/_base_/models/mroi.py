# Everything of the model but its backbone, as the papers print it: the camera and 2D terms are sums
# over RoIs, in pixels and squares. The losses' own defaults depend on neither M nor the resolution.
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
        mean_params=dict(model_path='data/body_models/smpl', free_body=False),
    ),
    body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=False),
    losses=dict(
        camera=dict(type='CameraConsistencyLoss', units='px', reduction='sum', loss_weight=1.0),
        contrastive=dict(type='MultiRoIContrastiveLoss', loss_weight=0.1),
        keypoints2d=dict(type='ReprojectionLoss', robust=None, reduction='sum', loss_weight=5.0),
        keypoints3d=dict(type='Keypoints3DLoss', loss_weight=5.0),
        pose=dict(type='SMPLPoseLoss', loss_weight=1.0),
        betas=dict(type='SMPLBetasLoss', loss_weight=0.001),
        vertices=dict(type='VertexLoss', loss_weight=1.0),
    ),
    loss_scale=60.0,
)
