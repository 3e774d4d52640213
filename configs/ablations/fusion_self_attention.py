# v1 Fig. 6, v2 Fig. 8: self-attention over features with absolute places.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(fusion=dict(score='self_attention', relation='absolute')))
