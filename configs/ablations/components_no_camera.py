# Table 2, row 4: without the camera-consistency loss.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(losses=dict(camera=None))
