# Ablations on the embedded data, tested after every epoch for the curves.
_base_ = ['../../mroi/mroi_synthetic.py']

train_cfg = dict(val_interval=1)
