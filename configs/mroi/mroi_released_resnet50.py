# The released code's choices, all together; mroi convert-checkpoint brings its weights.
_base_ = ['mroi_resnet50.py', '../_base_/models/mroi_released.py']

model = dict(head={{_base_.released.head}}, losses={{_base_.released.losses}})
