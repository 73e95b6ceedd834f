"""The demo: renders pairs, trains a detector and the fusion, tests, fuses, draws (`make demo`).

Each step is the command that a user would give, and is printed. On a slow or busy machine training
stops early, so that the picture is there in time, and the demo says so. What is left, the steps'
starts and one iteration each, takes as long as it takes. A demo that was interrupted
goes on from its last checkpoint; one that is done only tests and draws again.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from pathlib import Path

from moefusion.apis.command import command
from moefusion.weights import load_checkpoint_safely

ROOT = Path(__file__).resolve().parents[1]
CONFIG, DATA, WORK_DIR = 'configs/moefusion-lite_demo.py', 'data/demo', 'work_dirs/demo'
DETECTOR = 'configs/detectors/faster-rcnn-lite_demo.py'  # scores the fused images
PICTURE, FUSED = 'outputs/demo.png', 'outputs/demo'
SHARES = 0.35, 0.75, 0.9  # of the time, until the detector, the fusion and the test are done
START_UP = 10.0  # seconds of a training before its first iteration and after its last


def run(*command: str, seconds: float | None = None) -> None:
    """Run one of the project's tools with this interpreter, from the project's root."""
    print(f'\n$ python {shlex.join(command)}', flush=True)
    status = subprocess.run([sys.executable, *command], cwd=ROOT, timeout=seconds).returncode
    if status:
        raise SystemExit(f'the demo stopped: python {shlex.join(command)} failed (exit {status})')


def train(config: str, work_dir: str, end: float) -> tuple[str, str | None]:
    """Train, or go on training, until a time; return the checkpoint and, if it stopped early, how.

    There is at least one iteration, as without one there is nothing to fuse with.
    """
    minutes = max(0, end - time.monotonic() - START_UP) / 60
    limit = '--cfg-options', 'train_cfg.type=TimedTrainLoop', f'train_cfg.minutes={minutes:.1f}'
    run('tools/train.py', config, '--work-dir', work_dir, '--resume', *limit)
    checkpoint = (ROOT / work_dir / 'last_checkpoint').read_text().strip()
    state = load_checkpoint_safely(ROOT / checkpoint)
    done, wanted = state['meta']['iter'], state['message_hub']['runtime_info']['max_iters']
    early = f'{config} was trained for {done} of {wanted} iterations' if done < wanted else None
    return checkpoint, early


def fuse_and_draw(checkpoint: Path, num_pairs: int) -> None:
    """Fuse the first test pairs and draw them as one picture."""
    from moefusion.apis import FusionInferencer
    from moefusion.files import write_image
    from moefusion.visualization.fusion_picture import draw_fusion

    fuse = FusionInferencer(ROOT / CONFIG, checkpoint)
    pictures = []
    for name in (ROOT / DATA / 'test.txt').read_text().split()[:num_pairs]:
        visible, infrared = (ROOT / DATA / folder / f'{name}.png' for folder in ('Vis', 'Ir'))
        result = next(fuse.stream(visible, infrared))
        pictures.append(result.picture)
        write_image(ROOT / FUSED / f'{name}.png', result.color[..., ::-1])
    write_image(ROOT / PICTURE, draw_fusion(pictures)[..., ::-1])


@command
def main() -> None:
    """Take every step that is not done yet, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=4, help='pairs in the picture (default: 4)')
    text = 'time for all of it; training stops early to keep to it (default: %(default)s)'
    parser.add_argument('--minutes', type=float, default=15, help=text)
    args = parser.parse_args()
    print(f'This takes about {args.minutes:g} minutes (--minutes).', flush=True)
    begin = time.monotonic()
    end_detector, end_fusion, end_test = (begin + 60 * args.minutes * share for share in SHARES)

    if not (ROOT / DATA / 'test.txt').is_file():
        run('tools/make_demo_data.py', '--out-dir', DATA)
    judge, *early = train(DETECTOR, 'work_dirs/faster-rcnn-lite_demo', end_detector)
    checkpoint, early_fusion = train(CONFIG, WORK_DIR, end_fusion)
    early.append(early_fusion)
    test = ['tools/test.py', CONFIG, checkpoint, '--work-dir', WORK_DIR]
    test += ['--cfg-options', f'test_evaluator.1.detector.checkpoint={judge}']
    try:
        run(*test, seconds=max(1, end_test - time.monotonic()))
    except subprocess.TimeoutExpired:
        early.append('the test was not finished')
    fuse_and_draw(ROOT / checkpoint, args.pairs)
    print(
        f'\nfused images:  {FUSED}/\npicture:       {PICTURE}\n'
        '               (visible, infrared, attention, gates and fused, side by side)'
    )
    if stopped := [reason for reason in early if reason]:
        print(f'\nStopped early, to keep to {args.minutes:g} minutes: {"; ".join(stopped)}.')


if __name__ == '__main__':
    main()
