# Table 2, row 2: without the contrastive loss.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(embedding=None), losses=dict(contrastive=None))
