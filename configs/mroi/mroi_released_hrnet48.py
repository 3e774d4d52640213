# The released code's choices, all together; mroi convert-checkpoint brings its weights. Strided
# convolutions bring all resolutions to the coarsest: 48 + 96 + 192 + 384 = 720 channels.
_base_ = 'mroi_hrnet48.py'

model = dict(
    backbone=dict(extra=dict(downsample=True, use_conv=True, return_list=False)),
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
