"""Times the eight fusion metrics against SciPy: `python -m benchmarks.metrics`.

Prints the median processor time of one image on one thread and the ratio of the two, and checks
that they agree; then how `--workers 2` of tools/evaluate.py scales and, on a CUDA device, images
per second.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.scipy_metrics import scipy_metrics
from benchmarks.timing import time_in_turns
from moefusion.apis.command import command
from moefusion.comparison.pairs import find_evaluation_set
from moefusion.comparison.scoring import make_tasks, score_images
from moefusion.files import read_visible, write_image
from moefusion.metrics import METRIC_NAMES, GrayImages, fusion_metrics


def make_images(height: int, width: int, brightness: float) -> list[np.ndarray]:
    """Visible, infrared and fused with smooth parts, texture and noise.

    With a brightness of 60 no strip of rows takes VIF's shortcut for bright ones.
    """
    rng = np.random.default_rng(0)
    images = []
    for _ in range(2):
        smooth = cv2.resize(
            rng.normal(0, 1, (9, 12)), (width, height), interpolation=cv2.INTER_CUBIC
        )
        texture = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 2)
        images.append(brightness + 45 * smooth + 60 * texture + rng.normal(0, 3, (height, width)))
    images.append(0.5 * images[0] + 0.6 * images[1])
    return [np.clip(image.round(), 0, 255).astype(np.uint8) for image in images]


def compare(images: list[np.ndarray], rounds: int) -> None:
    """Print medians of one image on one thread, in processor time; the versions take turns."""
    visible, infrared, fused = images
    prepared = GrayImages(visible), GrayImages(infrared)
    cases: dict[str, Callable[[], Any]] = {
        'SciPy': lambda: scipy_metrics(visible, infrared, fused),
        'moefusion.metrics': lambda: fusion_metrics(visible, infrared, fused),
        'the same, standard protocol': lambda: fusion_metrics(visible, infrared, fused, 'standard'),
        'the same, sources prepared': lambda: fusion_metrics(*prepared, fused),
    }
    times = time_in_turns(cases, rounds, time.process_time)
    for name in cases:
        ratio = (times['SciPy'] / times[name]).median()
        print(f'  {name:30s} {1000 * times[name].median():8.1f} ms  {ratio:6.1f} x')
    theirs, ours = (cases[name]() for name in ('SciPy', 'moefusion.metrics'))
    differences = (f'{name} {abs(theirs[name] - ours[name]):.0e}' for name in METRIC_NAMES)
    print(f'  difference: {", ".join(differences)}')


def scale_workers(images: list[np.ndarray], count: int) -> None:
    """Print images per second of one and two processes, over the second half of the images."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, image in zip(('vi', 'ir', 'fused'), images):
            for number in range(count):
                write_image(folder / kind / f'{number:03d}.png', np.roll(image, number, axis=1))
        found = find_evaluation_set(folder / 'vi', folder / 'ir', dict(fused=folder / 'fused'))
        tasks = make_tasks(found, ['whole'], 'literature')
        rates = []
        for workers in (1, 2):
            stamps: list[float] = []

            def stamp(items: Iterable, _: int, stamps: list[float] = stamps) -> Iterator:
                for item in items:
                    stamps.append(time.perf_counter())
                    yield item

            score_images(tasks, workers, stamp)
            half = count // 2
            rates.append((count - 1 - half) / (stamps[-1] - stamps[half]))
            print(f'  --workers {workers}: {rates[-1]:6.1f} images/s')
        print(f'  scaling: {rates[1] / rates[0]:.2f} x')


def batches_on_the_gpu(images: list[np.ndarray], rounds: int) -> None:
    """Print images per second of batches on the GPU."""
    tensors = [torch.from_numpy(image).cuda()[None, None] for image in images]
    for size in (1, 8, 32):
        visible, infrared, fused = (tensor.repeat(size, 1, 1, 1) for tensor in tensors)
        run = functools.partial(fusion_metrics, visible, infrared, fused)
        times = time_in_turns({'batch': run}, rounds)
        print(f'  batch of {size}: {size / times["batch"].median():.0f} images/s')


@command
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names, text = ('VISIBLE', 'INFRARED', 'FUSED'), 'default: made ones of 576 x 768'
    parser.add_argument('--images', nargs=3, metavar=names, help=text)
    parser.add_argument('--rounds', type=int, default=5, help='of taking turns (default: 5)')
    parser.add_argument('--count', type=int, default=60, help='images for --workers (default: 60)')
    args = parser.parse_args()
    if args.count < 8:
        parser.error('--count: at least 8, to see two processes at work')
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if args.images:
        images = [cv2.cvtColor(read_visible(path), cv2.COLOR_BGR2GRAY) for path in args.images]
        sets = {'the given image': images}
    else:
        sets = {
            name: make_images(576, 768, brightness)
            for name, brightness in (('a day scene', 130), ('a dark scene', 60))
        }
    print('All eight metrics, one thread, medians of processor time')
    for name, images in sets.items():
        print(f'{name}, {" x ".join(map(str, images[0].shape))}:')
        compare(images, args.rounds)
    print(f'Scoring {args.count} images from files:')
    scale_workers(images, args.count)
    if torch.cuda.is_available():
        print(f'On {torch.cuda.get_device_name()}:')
        batches_on_the_gpu(images, args.rounds)


if __name__ == '__main__':
    main()
