# Table 5: scores see the relative place of m and n, 64 frequencies.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(fusion=dict(num_freqs=64)))
