# Losses as the papers print them: sums over RoIs, squares of pixels, and their weights.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(
    losses=dict(
        camera=dict(units='px', reduction='sum', loss_weight=1.0),
        contrastive=dict(loss_weight=0.1),
        keypoints2d=dict(robust=None, reduction='sum'),
        betas=dict(loss_weight=0.001),
    ),
)
