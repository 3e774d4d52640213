# Linear score as printed (Eq. 2, Eq. 4). Degenerate: all five fused features of a person are equal.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(fusion=dict(score='linear', relation='encode_then_subtract')))
