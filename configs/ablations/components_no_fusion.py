# Table 2, row 3: without the fusion, u_m = h_m.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(fusion=dict(score='none')))
