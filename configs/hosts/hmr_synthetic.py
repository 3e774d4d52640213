# HMR without its discriminator (mmhuman3d, configs/hmr).
_base_ = ['../_base_/hosts/regressor.py']
