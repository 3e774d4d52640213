"""What a config needs: is it there, and does it mean what it says?"""

from mroi_plugin.data_check.check import check_data

__all__ = ['check_data']
