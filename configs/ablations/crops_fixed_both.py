# Table 4, row 4: shifted and scaled, the method.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']
