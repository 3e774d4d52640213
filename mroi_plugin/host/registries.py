"""mmhuman3d's registries mirrored as mmengine scope `mmhuman3d`; importing this loads the host."""

from __future__ import annotations

from importlib import import_module

from mroi_plugin.host.compat import load_host
from mroi_plugin.host.mirror import MIRRORS
from mroi_plugin.host.pending import HOST_REGISTRIES

load_host()
for _kind, _mirror in MIRRORS.items():
    _registry = getattr(import_module(HOST_REGISTRIES[_kind]), _kind)
    for _name, _component in _registry.module_dict.items():
        if not _component.__module__.startswith('mroi_plugin') and _name not in _mirror.module_dict:
            _mirror.register_module(name=_name, module=_component)
