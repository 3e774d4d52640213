# Table 3: all five RoIs, the method.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']
