"""MoE-Fusion: infrared and visible image fusion with mixtures of experts.

The package imports nothing by itself, so that its plain parts (``moefusion.fusion``,
``moefusion.losses``, ``moefusion.metrics``) need PyTorch and NumPy alone. What registers into
MMDetection is brought in by ``moefusion.plugin``.
"""

__version__ = '0.1.0'
