"""Draws methods side by side (paper, Figs. 3 to 5 and 9 to 12): enlarged boxes, Sobel, detections.

python tools/make_sheet.py --visible DIR --infrared DIR --fused NAME=DIR [NAME=DIR ...] --out PNG
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from moefusion.apis.command import command, show_progress
from moefusion.apis.device import choose_device
from moefusion.apis.naming import add_infrared_range, chosen_range, named_folder
from moefusion.comparison.pairs import EvaluationSet, find_evaluation_set, read_rgb
from moefusion.files import read_infrared, read_text, to_id, write_image
from moefusion.files.coco import read_number, unique_keys
from moefusion.visualization.grid import DPI
from moefusion.visualization.sheet import WIDTH, draw_sheet, enlarge, find_boxes, sobel_maps


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--visible', required=True, metavar='DIR')
    parser.add_argument('--infrared', required=True, metavar='DIR')
    parser.add_argument('--fused', required=True, nargs='+', type=named_folder, metavar='NAME=DIR')
    parser.add_argument('--out', required=True, metavar='FILE', help='the picture, such as a.png')
    parser.add_argument('--names', nargs='+', metavar='STEM', help='pairs (default: the first 3)')
    text = 'ends of file names to ignore'
    parser.add_argument('--strip', nargs='+', default=[], metavar='END', help=text)
    add_infrared_range(parser)
    kind = parser.add_mutually_exclusive_group()
    text = (
        '{"STEM": {"red": [x1, y1, x2, y2], "green": [...]}} to enlarge; without, where the '
        'methods (of one alone: it and its sources) differ most'
    )
    kind.add_argument('--boxes', metavar='JSON', help=text)
    kind.add_argument('--sobel', action='store_true', help='gradients instead (Fig. 10)')
    metavar, text = ('CONFIG', 'CHECKPOINT'), 'detections instead (Fig. 11)'
    kind.add_argument('--detect', nargs=2, metavar=metavar, help=text)
    text = 'least confidence to show (default: 0.5)'
    parser.add_argument('--score', type=float, default=0.5, help=text)
    parser.add_argument('--device', help='such as cpu or cuda:0 (default: a GPU if there is one)')
    return parser.parse_args(argv)


@command
def main(argv: list[str] | None = None) -> None:
    """Read, draw and write."""
    args = parse_args(argv)
    folders = args.visible, args.infrared, dict(args.fused)
    found = find_evaluation_set(*folders, None, args.names, args.strip)
    every = find_evaluation_set(*folders, strip=args.strip)  # not the drawn alone
    files = every.infrared.values()
    found.infrared_range = chosen_range(args.infrared_range, files, Path(args.out).parent)
    boxes = read_boxes(args.boxes, {*every.stems, *every.left_out}, args.strip)
    known = {*found.stems, *found.left_out}
    detector = Detector(args.detect, args.device, args.score) if args.detect else None
    rows = {}
    for name in show_progress(args.names or found.stems[:3]):
        if (stem := to_id(name, known, args.strip)) in found.left_out:
            raise ValueError(f'{stem}: {found.left_out[stem]}')
        images = read_images(found, stem)
        if args.sobel:
            rows[stem] = sobel_maps(images)
        elif detector:
            rows[stem] = {name: detector(image) for name, image in images.items()}
        else:
            # one method alone differs from its sources only
            compared = found.fused if len(found.fused) > 1 else images
            marked = boxes.get(stem) or find_boxes([images[name] for name in compared])
            rows[stem] = {name: enlarge(image, marked) for name, image in images.items()}
    # labels of detections are read at the images' own size, others compare side by side
    wide = min(max(images['Visible'].shape[1] / DPI, WIDTH), 2 * WIDTH) if detector else WIDTH
    write_image(args.out, draw_sheet(rows, wide)[..., ::-1])
    print(f'Wrote {args.out}')


def read_boxes(
    path: str | None, known: Collection[str], strip: Sequence[str]
) -> dict[str, dict[str, list[float]]]:
    """The boxes of ``--boxes``, by pair and colour; none without a file.

    Raises:
        ValueError: if they are not written as they should be, or of a pair that is not there.
    """
    found: dict[str, dict[str, list[float]]] = {}
    try:
        named = json.loads(read_text(path), object_pairs_hook=unique_keys) if path else {}
        for name, colors in named.items():
            found[stem := to_id(name, known, strip)] = {
                color: [read_number(value, f'{name}, {color}:') for value in box]
                for color, box in colors.items()
            }
            if stem not in known or any(len(box) != 4 for box in found[stem].values()):
                reason = 'a box is not four numbers' if stem in known else 'there is no such pair'
                raise ValueError(f'{name}: {reason}')
    except (AttributeError, TypeError, ValueError) as error:
        form = '{"STEM": {"red": [x1, y1, x2, y2]}}'
        raise ValueError(f'{path}: not boxes of these pairs ({error}). Write {form}') from error
    return found


def read_images(found: EvaluationSet, stem: str) -> dict[str, np.ndarray]:
    """Sources and fused images of a pair by column, H x W x 3, R, G, B.

    Raises:
        ValueError: if they differ in size.
    """
    heat = read_infrared(found.infrared[stem], found.infrared_range)
    images = {
        'Visible': read_rgb(found.visible[stem]),
        'Infrared': heat[..., None].repeat(3, axis=2),
        **{name: read_rgb(files[stem]) for name, files in found.fused.items()},
    }
    size = images['Visible'].shape
    for name, image in images.items():
        if image.shape != size:
            raise ValueError(
                f'{stem}: {name} is {image.shape[1]} x {image.shape[0]}, but the visible image '
                f'{size[1]} x {size[0]} pixels. Fuse at the size of the sources'
            )
    return images


class Detector:
    """Draws what a detector finds.

    Args:
        files (Sequence[str]): config of a stock MMDetection detector, such as those in
            ``configs/detectors``, and its weights.
        device (str, optional): such as ``'cpu'``; without one, a GPU if there is one.
        score (float): least confidence.
    """

    def __init__(self, files: Sequence[str], device: str | None, score: float) -> None:
        from moefusion import plugin  # noqa: F401  registers the readers

        # isort: split
        from mmdet.visualization import DetLocalVisualizer

        from moefusion.comparison.detection_table import load_detector

        self.model: Any = load_detector(files[0], files[1], str(choose_device(device)))
        self.visualizer = DetLocalVisualizer(line_width=2)
        self.visualizer.dataset_meta = self.model.dataset_meta
        self.score = score

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The image, H x W x 3 (R, G, B), with boxes, classes and scores."""
        from mmdet.apis import inference_detector

        found = inference_detector(self.model, np.ascontiguousarray(image[..., ::-1]))
        options = dict(draw_gt=False, pred_score_thr=self.score)
        self.visualizer.add_datasample('', image, found.cpu(), **options)
        drawn: np.ndarray = self.visualizer.get_image()
        return drawn


if __name__ == '__main__':
    main()
