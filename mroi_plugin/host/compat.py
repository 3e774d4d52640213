"""Making `import mmhuman3d` work without the packages that it imports for rendering or model zoos
only."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, ClassVar

from mroi_plugin.host.pending import HOST_REGISTRIES, flush

PLACEHOLDERS = (
    'pytorch3d',
    'torchvision',
    'chumpy',
    'vedo',
    'cdflib',
    'pickle5',
    'plyfile',
    'colormap',
)
"""Packages that mmhuman3d 0.11 and mmcv 1.6 import at module level and need for some functions
only."""

COMPONENTS = ('mroi_plugin.models', 'mroi_plugin.body_models', 'mroi_plugin.datasets')
"""Our modules that hold components with a place in mmhuman3d's registries."""

HOST_PACKAGES = ('mmhuman3d.models.architectures', 'mmhuman3d.apis', 'mmhuman3d.core.cameras')


class _Missing(type):
    """Type of a name taken from a missing package; it may be subclassed, any use of it is an
    error."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        cls._refuse()

    def __getattr__(cls, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return _make_missing(f'{cls._missing_name}.{name}')

    def _refuse(cls) -> None:
        package = cls._missing_name.split('.')[0]
        raise ImportError(
            f'{cls._missing_name} is needed here, but {package} is not installed; mmhuman3d uses '
            'it in '
            f'few places. Install {package}, or leave out what calls it.'
        )


def _make_missing(name: str) -> Any:
    return _Missing(name.rsplit('.', 1)[-1], (), {'_missing_name': name})


class _Placeholder(ModuleType):
    """Stands for a missing package while the host is imported."""

    __version__ = '0.0.0'
    __path__: ClassVar[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return _make_missing(f'{self.__name__}.{name}')


class _PlaceholderFinder(MetaPathFinder, Loader):
    """Last in line: answers only for listed packages that no other finder knows."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, rest = fullname.partition('.')
        if package not in PLACEHOLDERS:
            return None
        if rest and not isinstance(sys.modules.get(package), _Placeholder):
            return None  # a real package that lacks this module
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Placeholder(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


_loaded = False


def load_host() -> None:
    """Import mmhuman3d and enter our components in its registries; does nothing the second time.

    Missing packages of `PLACEHOLDERS` are stood in for during this import and no longer:
    afterwards, importing one fails as it did before.

    Raises:
        ImportError: if mmhuman3d or mmcv is not installed.
    """
    global _loaded
    if _loaded:
        return
    _loaded = True
    finder = _PlaceholderFinder()
    sys.meta_path.append(finder)
    try:
        for package in (*HOST_REGISTRIES.values(), *HOST_PACKAGES):
            import_module(package)
    except ImportError as error:
        _loaded = False
        raise ImportError(
            f'mmhuman3d cannot be imported ({error}). `make install` installs it; in an '
            'environment of '
            'your own: pip install --no-deps --no-build-isolation mmcv==1.6.1 mmhuman3d==0.11.0.'
        ) from error
    finally:
        sys.meta_path.remove(finder)
        for name in [n for n, m in sys.modules.items() if isinstance(m, _Placeholder)]:
            del sys.modules[name]
    for components in COMPONENTS:
        import_module(components)
    flush()
