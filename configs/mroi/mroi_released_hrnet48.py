# The released code's choices, all together; mroi convert-checkpoint brings its weights. Strided
# convolutions bring all resolutions to the coarsest: 48 + 96 + 192 + 384 = 720 channels.
_base_ = ['mroi_hrnet48.py', '../_base_/models/mroi_released.py']

model = dict(
    backbone=dict(extra=dict(downsample=True, use_conv=True, return_list=False)),
    head={{_base_.released.head}},
    losses={{_base_.released.losses}},
)
