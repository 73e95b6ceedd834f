"""The demo: renders pairs, trains a detector and the fusion, tests, fuses, draws (`make demo`).

Each step is the command that a user would give, and is printed. A demo that was interrupted goes on
from its last checkpoint; one that is done only draws its picture again.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

from moefusion.apis.command import command

ROOT = Path(__file__).resolve().parents[1]
CONFIG, DATA, WORK_DIR = 'configs/moefusion-lite_demo.py', 'data/demo', 'work_dirs/demo'
DETECTOR = 'configs/detectors/faster-rcnn-lite_demo.py'  # scores the fused images
PICTURE, FUSED = 'outputs/demo.png', 'outputs/demo'


def run(*command: str) -> None:
    """Run one of the project's tools with this interpreter, from the project's root."""
    print(f'\n$ python {shlex.join(command)}', flush=True)
    status = subprocess.run([sys.executable, *command], cwd=ROOT).returncode
    if status:
        raise SystemExit(f'the demo stopped: python {shlex.join(command)} failed (exit {status})')


def fuse_and_draw(checkpoint: Path, num_pairs: int) -> None:
    """Fuse the first test pairs and draw them as one picture."""
    import cv2

    from moefusion.apis import FusionInferencer
    from moefusion.files import write_image
    from moefusion.visualization.fusion_picture import draw_fusion

    fuse = FusionInferencer(ROOT / CONFIG, checkpoint)
    pictures = []
    for name in (ROOT / DATA / 'test.txt').read_text().split()[:num_pairs]:
        visible, infrared = (ROOT / DATA / folder / f'{name}.png' for folder in ('Vis', 'Ir'))
        result = next(fuse.stream(visible, infrared))
        pictures.append(result.picture)
        write_image(ROOT / FUSED / f'{name}.png', cv2.cvtColor(result.color, cv2.COLOR_RGB2BGR))
    write_image(ROOT / PICTURE, cv2.cvtColor(draw_fusion(pictures), cv2.COLOR_RGB2BGR))


@command
def main() -> None:
    """Take every step that is not done yet, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=4, help='pairs in the picture (default: 4)')
    args = parser.parse_args()

    if not (ROOT / DATA / 'test.txt').is_file():
        run('tools/make_demo_data.py', '--out-dir', DATA)
    run('tools/train.py', DETECTOR, '--resume')
    last = ROOT / WORK_DIR / 'last_checkpoint'
    run('tools/train.py', CONFIG, '--work-dir', WORK_DIR, '--resume')
    checkpoint = Path(last.read_text().strip())
    run('tools/test.py', CONFIG, str(checkpoint), '--work-dir', WORK_DIR)
    fuse_and_draw(checkpoint, args.pairs)
    print(
        f'\nfused images:  {FUSED}/\npicture:       {PICTURE}\n'
        '               (visible, infrared, attention, gates and fused, side by side)'
    )


if __name__ == '__main__':
    main()
