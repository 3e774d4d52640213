# The released code's choices, all together; mroi convert-checkpoint brings its weights.
_base_ = 'mroi_resnet50.py'

model = dict(
    head=dict(
        fusion=dict(score='mlp', relation='subtract_then_encode', num_freqs=32, encoding='naive'),
        embedding=dict(gate='sigmoid_relu'),
        mesh_from='roi',
        bbox_condition='all',
        hidden_channels=(2048, 1024),
    ),
    losses=dict(
        camera=dict(pairs='anchor'),
        contrastive=dict(denominator='all', loss_weight=0.05),
    ),
)
