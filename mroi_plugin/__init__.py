"""Multi-RoI human mesh recovery for MMHuman3D and MMEngine; importing it registers everything."""

from mroi_plugin import registry as registry
from mroi_plugin.host import connect as _connect

__version__ = '0.1.0'

_connect(registry)
