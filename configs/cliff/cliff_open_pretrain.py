# The last stages of BlazePose learn from single RoIs of all sizes; then mroi_open_cached and
# cliff_open_cached start from these weights.
_base_ = 'cliff_open_cached.py'

model = dict(backbone=dict(trainable='rest', init_cfg=None))
train_dataloader = dict(dataset=dict(num_rois='any'))
