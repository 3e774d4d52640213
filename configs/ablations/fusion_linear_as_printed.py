# Eq. 4 and 10 as printed. Degenerate: all five fused features of a person are equal.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(fusion=dict(score='linear', relation='encode_then_subtract')))
