# Ablations on the features of BlazePose in the images of the open recipe.
_base_ = ['../../mroi/mroi_open_cached.py']

train_cfg = dict(val_interval=1)
