# PARE, second stage: without the segmentation loss, from the weights of the first.
_base_ = ['./pare_synthetic.py']

load_from = 'work_dirs/pare_synthetic/epoch_15.pth'
