"""MoE-Fusion: infrared and visible image fusion with mixtures of experts.

The package imports nothing by itself, so that its plain parts (``moefusion.fusion``,
``moefusion.losses``, ``moefusion.metrics``) need PyTorch and NumPy alone. What registers into
MMDetection is brought in by ``moefusion.plugin``. The names here load when they are asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moefusion.apis import FusionInferencer
    from moefusion.fusion import FusionNetwork
    from moefusion.metrics import fusion_metrics

__version__ = '0.1.0'
__all__ = ['FusionInferencer', 'FusionNetwork', '__version__', 'fusion_metrics']
_MODULES = {'FusionInferencer': 'apis', 'FusionNetwork': 'fusion', 'fusion_metrics': 'metrics'}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'moefusion.{_MODULES[name]}'), name)


def __dir__() -> list[str]:
    return __all__
