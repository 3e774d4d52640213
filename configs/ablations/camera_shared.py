# One full camera per person instead of five local ones; consistent by construction.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(camera_from='shared'))
