# mmhuman3d's own CLIFF: HMR whose head sees the box, with its 2D loss in the image.
_base_ = ['../_base_/hosts/regressor.py']

model = dict(
    architecture=dict(type='CliffImageBodyModelEstimator', head=dict(type='CliffHead')),
)
