"""Times the eight fusion metrics against a straightforward SciPy version, in one run.

Prints the median processor time of one image on one thread and the ratio of the two, and checks
that they agree; then how `--workers 2` of tools/evaluate.py scales and, on a CUDA device, images
per second.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.signal import convolve2d

from moefusion.comparison.pairs import find_evaluation_set
from moefusion.comparison.scoring import make_tasks, score_images
from moefusion.files import read_visible, write_image
from moefusion.metrics import METRIC_NAMES, GrayImages, fusion_metrics


def scipy_metrics(infrared, visible, fused):
    """The literature protocol as one would write it down with NumPy and SciPy."""
    a, b, f = (image.astype(float) for image in (infrared, visible, fused))
    rows, columns = np.diff(f / 255, axis=0), np.diff(f / 255, axis=1)
    difference = np.clip(np.floor(f - f.mean() + 0.5), 0, 255)
    gradient_y, gradient_x = np.gradient(f)
    return dict(
        EN=entropy(np.bincount(fused.ravel(), minlength=256)),
        SF=np.sqrt((rows**2).mean() + (columns**2).mean()),
        SD=np.sqrt(np.minimum(difference**2, 255).mean()),
        MI=mutual_information(a, f) + mutual_information(b, f),
        VIF=vifp(a, f) + vifp(b, f),
        AG=np.sqrt((gradient_x**2 + gradient_y**2) / 2).sum()
        / ((f.shape[0] - 1) * (f.shape[1] - 1)),
        SCD=np.corrcoef((f - b).ravel(), a.ravel())[0, 1]
        + np.corrcoef((f - a).ravel(), b.ravel())[0, 1],
        Qabf=qabf(a / 255, b / 255, f / 255),
    )


def entropy(counts):
    shares = counts[counts > 0] / counts.sum()
    return -(shares * np.log2(shares)).sum()


def mutual_information(x, f):
    joint = np.histogram2d(
        np.minimum(x, 254).ravel(), np.minimum(f, 254).ravel(), bins=255, range=[[0, 255], [0, 255]]
    )[0]
    marginals = [entropy(np.bincount(image.astype(int).ravel(), minlength=256)) for image in (x, f)]
    return sum(marginals) - entropy(joint)


def vifp(x, f):
    kept = total = 0
    for scale in range(4):
        size = 2 ** (4 - scale) + 1
        offsets = np.arange(size) - size // 2
        window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * (size / 5) ** 2))
        window /= window.sum()

        def smooth(image, window=window):
            return convolve2d(image, window, mode='valid')

        if scale:
            x, f = smooth(x)[::2, ::2], smooth(f)[::2, ::2]
        xx, ff, xf = x * x, f * f, x * f
        if scale == 0:
            xx, ff, xf = (np.minimum(product, 255) for product in (xx, ff, xf))
        mean_x, mean_f = smooth(x), smooth(f)
        variance_x = np.maximum(smooth(xx) - mean_x**2, 0)
        variance_f = np.maximum(smooth(ff) - mean_f**2, 0)
        covariance = smooth(xf) - mean_x * mean_f
        gain = covariance / (variance_x + 1e-10)
        noise = variance_f - gain * covariance
        flat = variance_x < 1e-10
        gain[flat], noise[flat], variance_x[flat] = 0, variance_f[flat], 0
        flat = variance_f < 1e-10
        gain[flat], noise[flat] = 0, 0
        noise[gain < 0] = variance_f[gain < 0]
        gain[gain < 0] = 0
        noise[noise <= 1e-10] = 1e-10
        kept += np.log10(1 + gain**2 * variance_x / (noise + 2)).sum()
        total += np.log10(1 + variance_x / 2).sum()
    return kept / total


def qabf(a, b, f):
    kernel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])

    def edges(image):
        # in SciPy's order of sums, which moves the result in the fourth decimal
        x = convolve2d(image, kernel, mode='same')
        y = convolve2d(image, -kernel.T, mode='same')
        with np.errstate(divide='ignore', invalid='ignore'):
            return np.sqrt(x**2 + y**2), np.where(x == 0, np.pi / 2, np.arctan(y / x))

    def kept(source, fused):
        (strength, angle), (strength_f, angle_f) = source, fused
        with np.errstate(divide='ignore', invalid='ignore'):
            relative = np.where(
                strength > strength_f,
                strength_f / strength,
                np.where(strength == strength_f, strength_f, strength / strength_f),
            )
        turn = 1 - np.abs(angle - angle_f) / (np.pi / 2)
        return (
            strength
            * 0.9994
            / (1 + np.exp(-15 * (relative - 0.5)))
            * 0.9879
            / (1 + np.exp(-22 * (turn - 0.8)))
        ).sum()

    a, b, f = edges(a), edges(b), edges(f)
    return (kept(a, f) + kept(b, f)) / (a[0] + b[0]).sum()


def make_images(height, width, brightness):
    """Infrared, visible and fused with smooth parts, texture and noise.

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


def compare(images, rounds):
    """Print medians of one image on one thread, in processor time; the versions take turns."""
    visible, infrared, _ = sources = [GrayImages(image) for image in images]
    fusion_metrics(*sources)
    versions = {
        'SciPy': (1, lambda: scipy_metrics(*images)),
        'moefusion.metrics': (8, lambda: fusion_metrics(*images)),
        'the same, standard protocol': (8, lambda: fusion_metrics(*images, 'standard')),
        'the same, sources prepared': (8, lambda: fusion_metrics(visible, infrared, images[2])),
    }
    times = {name: [] for name in versions}
    for _ in range(rounds):
        for name, (repeats, function) in versions.items():
            for _ in range(repeats):
                start = time.process_time()
                function()
                times[name].append(time.process_time() - start)
    slow = statistics.median(times['SciPy'])
    for name, values in times.items():
        median = statistics.median(values)
        print(f'  {name:30s} {1000 * median:8.1f} ms  {slow / median:6.1f} x')
    theirs, ours = scipy_metrics(*images), fusion_metrics(*images)
    differences = (f'{name} {abs(theirs[name] - ours[name]):.0e}' for name in METRIC_NAMES)
    print(f'  difference: {", ".join(differences)}')


def scale_workers(images, count):
    """Print images per second of one and two processes, once they run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, image in zip(('vi', 'ir', 'fused'), images):
            for number in range(count):
                write_image(folder / kind / f'{number:03d}.png', np.roll(image, number, axis=1))
        found = find_evaluation_set(folder / 'vi', folder / 'ir', dict(fused=folder / 'fused'))
        tasks = make_tasks(found, ['whole'], 'literature')
        rates = []
        for workers in (1, 2):
            stamps = []
            start = time.perf_counter()
            score_images(
                tasks,
                workers,
                lambda items, _, stamps=stamps: (
                    stamps.append(time.perf_counter()) or item for item in items
                ),
            )
            # from the second image of each process on
            first = 2 * workers - 1
            rates.append((len(stamps) - 1 - first) / (stamps[-1] - stamps[first]))
            print(
                f'  --workers {workers}: {rates[-1]:6.1f} images/s, first image after '
                f'{stamps[0] - start:.1f} s'
            )
        print(f'  scaling: {rates[1] / rates[0]:.2f} x')


def time_cuda(images, batch):
    """Print images per second of a batch on the GPU."""
    tensors = [
        torch.from_numpy(image).cuda()[None, None].repeat(batch, 1, 1, 1) for image in images
    ]
    times = []
    for _ in range(12):
        torch.cuda.synchronize()
        start = time.perf_counter()
        fusion_metrics(*tensors)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    print(f'  batch of {batch}: {batch / statistics.median(times[2:]):.0f} images/s')


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--images',
        nargs=3,
        metavar=('INFRARED', 'VISIBLE', 'FUSED'),
        help='images to time (default: made ones of 576 x 768)',
    )
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
        for batch in (1, 8, 32):
            time_cuda(images, batch)


if __name__ == '__main__':
    main()
