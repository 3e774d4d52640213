"""Multi-RoI human mesh recovery for MMHuman3D and MMEngine; importing it registers everything."""

import sys

from mroi_plugin import registry as registry
from mroi_plugin.host import mirror as _mirror  # noqa: F401  (scope mmhuman3d)

__version__ = '0.1.0'

if 'mmhuman3d' in sys.modules:  # the host came first: enter its registries now
    from mroi_plugin.host import load_host

    load_host()
