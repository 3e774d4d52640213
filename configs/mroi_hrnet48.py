# The same as mroi/mroi_hrnet48.py.
_base_ = 'mroi/mroi_hrnet48.py'
