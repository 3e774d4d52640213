# The model of the open recipe: BlazePose, which has learned the joints of rendered people
# (mroi_open_landmarks), decoders with activations, 3D joints by their distance, which the errors of
# test people gain from, and bodies placed by the landmarks of BlazePose, which see a person's place
# better than the decoder of cameras does.
_base_ = 'mroi.py'

model = dict(
    data_preprocessor=dict(mean=(0.0, 0.0, 0.0), std=(255.0, 255.0, 255.0)),
    backbone=dict(type='BlazePose', variant='full_synthetic', trainable='none', split=16),
    head=dict(
        decoder=dict(_delete_=True, type='MLPRegressor', hidden_channels=(1024, 1024), dropout=0.1),
        mean_params=dict(free_body=True),
    ),
    body_model=dict(free_body=True),
    align_camera=True,
    channels_last=True,
    losses=dict(keypoints3d=dict(squared=False, loss_weight=1.0)),
)
