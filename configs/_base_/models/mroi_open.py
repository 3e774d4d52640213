# The model of the open recipe: BlazePose as a pretrained backbone, decoders with activations.
_base_ = 'mroi.py'

model = dict(
    data_preprocessor=dict(mean=(0.0, 0.0, 0.0), std=(255.0, 255.0, 255.0)),
    backbone=dict(type='BlazePose', variant='full', trainable='none'),
    head=dict(
        decoder=dict(_delete_=True, type='MLPRegressor', hidden_channels=(1024, 1024), dropout=0.1),
        mean_params=dict(free_body=True),
    ),
    body_model=dict(free_body=True),
)
