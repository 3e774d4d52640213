# Table 2, row 5: the method.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']
