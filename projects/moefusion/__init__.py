"""MoE-Fusion: infrared and visible image fusion with mixtures of experts.

The package imports nothing by itself, so that ``moefusion.runtime`` needs onnxruntime and NumPy
alone, and the plain parts (``moefusion.fusion``, ``moefusion.losses``, ``moefusion.metrics``)
PyTorch. What registers into MMDetection is brought in by ``moefusion.plugin``. The names here load
when they are asked for; one that needs an extra says which.
"""

from typing import TYPE_CHECKING

from moefusion.extras import lazy

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

__getattr__ = lazy(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
