# Self-attention over features with absolute places (v1 Fig. 6, v2 Fig. 8).
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(fusion=dict(score='self_attention', relation='absolute')))
