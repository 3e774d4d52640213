# RoIs 1 to 4 at half the resolution: the backbone computes as much as for two crops.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(encoder=dict(type='SizedCropEncoder', scales=(1.0, 0.5, 0.5, 0.5, 0.5)))
