# Table 5: scores see the relative place of m and n, 32 frequencies. The method.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']
