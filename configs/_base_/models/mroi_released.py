# What the released code does otherwise than the papers, over the model of a config.
released = dict(
    head=dict(
        fusion=dict(score='mlp', relation='subtract_then_encode', num_freqs=32, encoding='naive'),
        embedding=dict(gate='sigmoid_relu'),
        mesh_from='roi',
        camera_code='linear',
        bbox_condition='all',
        decoder=dict(hidden_channels=(2048, 1024)),
    ),
    losses=dict(
        camera=dict(units='px', weight_s=1e-8, pairs='anchor', loss_weight=1.0),
        keypoints2d=dict(robust=None, units='half_side'),
        contrastive=dict(denominator='all', loss_weight=0.05),
        betas=dict(loss_weight=0.001),
    ),
)
