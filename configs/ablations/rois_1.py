# Table 3: one RoI; fusion, contrastive and camera terms have nothing to relate.
_base_ = ['./components_none.py']
