# One small network for every pair: any number of RoIs, no order among them.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(fusion=dict(score='pair_mlp')))
