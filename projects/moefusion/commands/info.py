"""Says what is installed and what fuses: `moefusion info`."""

from __future__ import annotations

import argparse
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from moefusion import __version__
from moefusion.apis.command import command
from moefusion.extras import need

PACKAGES = {
    'base': ('numpy', 'onnxruntime', 'opencv-python-headless', 'pillow', 'tqdm'),
    'video': ('av',),
    'torch': ('torch',),
    'mm': ('onedl-mmengine', 'onedl-mmcv', 'onedl-mmdetection', 'mmengine', 'mmcv', 'mmdet'),
    'demo': ('gradio',),
    'export': ('onnx', 'onnxscript'),
}


@command
def main(argv: list[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog='moefusion info', description=__doc__)
    parser.add_argument('model', nargs='?', help='exported network (default: the bundled one)')
    args = parser.parse_args(argv)
    print(f'moefusion {__version__}')
    for extra, names in PACKAGES.items():
        found = [f'{name} {number}' for name in names if (number := _version(name))]
        print(f'  {extra}: {", ".join(found) or f"none (pip install moefusion[{extra}])"}')
    fuser = need('moefusion.runtime', 'moefusion info').Fuser(args.model)
    path = Path(fuser.path)
    print(f'{path}: {path.stat().st_size / 1e6:.1f} MB, gates {", ".join(fuser.gates)}')
    for name, value in sorted(fuser.metadata.items()):
        print(f'  {name}: {value}')
    return 0


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
