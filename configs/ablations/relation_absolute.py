# Table 5, row 2: scores also see the place of RoI n.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(fusion=dict(relation='absolute')))
