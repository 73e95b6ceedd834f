"""MoE-Fusion: infrared and visible image fusion with mixtures of experts.

The package imports nothing by itself, so that ``moefusion.runtime`` needs onnxruntime and NumPy
alone, and the plain parts (``moefusion.fusion``, ``moefusion.losses``, ``moefusion.metrics``)
PyTorch. What registers into MMDetection is brought in by ``moefusion.plugin``. The names here load
when they are asked for; one that needs an extra says which.
"""

from typing import TYPE_CHECKING

from moefusion.extras import need

if TYPE_CHECKING:
    from moefusion.apis import FusionInferencer
    from moefusion.fusion import FusionNetwork
    from moefusion.metrics import fusion_metrics
    from moefusion.runtime import Fuser

__version__ = '0.1.0'
__all__ = ['Fuser', 'FusionInferencer', 'FusionNetwork', '__version__', 'fusion_metrics']
_MODULES = {
    'Fuser': 'runtime',
    'FusionInferencer': 'apis',
    'FusionNetwork': 'fusion',
    'fusion_metrics': 'metrics',
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(need(f'moefusion.{_MODULES[name]}', f'moefusion.{name}'), name)


def __dir__() -> list[str]:
    return __all__
