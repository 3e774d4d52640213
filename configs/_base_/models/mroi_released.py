# What the released code does otherwise than the papers, over the model of a config.
released = dict(
    head=dict(
        fusion=dict(score='mlp', relation='subtract_then_encode', num_freqs=32, encoding='naive'),
        embedding=dict(gate='sigmoid_relu'),
        mesh_from='roi',
        bbox_condition='all',
        hidden_channels=(2048, 1024),
    ),
    losses=dict(
        camera=dict(pairs='anchor', weight_s=1e-8, reduction='mean'),
        keypoints2d=dict(units='half_side', reduction='mean'),
        contrastive=dict(denominator='all', loss_weight=0.05),
    ),
)
