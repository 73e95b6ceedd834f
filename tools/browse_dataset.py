"""Shows pairs and their boxes, visible beside infrared: `python tools/browse_dataset.py CONFIG`."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from moefusion import plugin  # noqa: F401  registers the readers, before MMDetection greets

# isort: split
import cv2
import numpy as np
import torch
from mmdet.registry import DATASETS
from mmdet.structures import DetDataSample
from mmdet.utils import register_all_modules
from mmdet.visualization import DetLocalVisualizer
from mmengine.structures import InstanceData
from torch import Tensor

from moefusion.apis import load_config
from moefusion.apis.command import add_config_options, command, show_progress
from moefusion.datasets.readers import find_readers
from moefusion.files import write_image

Step = tuple[str, np.ndarray, Tensor, Tensor]  # title, image, boxes, labels

WIDE_ENOUGH = 480  # narrower images are enlarged, so that labels can be read


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.split(':')[0])
    parser.add_argument('config', help='a config, or one of configs/_base_/datasets')
    parser.add_argument('--split', default='train', choices=['train', 'val', 'test'])
    text = 'the files as they are, what training gets (default), or every step between'
    modes = ['original', 'transformed', 'pipeline']
    parser.add_argument('--mode', default='transformed', choices=modes, help=text)
    parser.add_argument('--out-dir', help='write PNG files here')
    parser.add_argument('--not-show', action='store_true', help='open no window')
    parser.add_argument('--show-number', type=int, help='how many pairs (default: all)')
    parser.add_argument('--show-interval', type=float, default=2, help='seconds for each pair')
    add_config_options(parser, 'val_dataloader.dataset.data_root=data/M3FD')
    args = parser.parse_args(argv)
    if sys.platform == 'linux' and not os.environ.get('DISPLAY'):
        args.not_show = True
    if args.not_show and not args.out_dir:
        parser.error('there is no display to show pairs on, or --not-show: give an --out-dir')
    return args


@command
def main(argv: list[str] | None = None) -> None:
    """Draw, write and show."""
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    register_all_modules()
    visualizer = DetLocalVisualizer(line_width=2)
    shown: Counter[str] = Counter()
    for _, reader in find_readers(cfg, [args.split]):
        dataset = DATASETS.build(reader)
        visualizer.dataset_meta = dataset.metainfo
        number = min(args.show_number or len(dataset), len(dataset))
        for index in show_progress(range(number)):
            info = dataset.get_data_info(index)
            steps = run_pipeline(info, dataset.pipeline.transforms, args.mode)
            if not steps:
                continue
            picture = np.vstack(match_widths([draw(visualizer, *step) for step in steps]))
            name = f'{info["img_id"]}{"_infrared" * (reader.get("modality") == "infrared")}'
            shown[name] += 1  # two data sets may have one id
            name += f'_{shown[name]}' if shown[name] > 1 else ''
            if args.out_dir:
                write_image(Path(args.out_dir, args.split, f'{name}.png'), picture[..., ::-1])
            if not args.not_show:
                visualizer.show(picture, win_name=name, wait_time=args.show_interval)
        where = f', in {Path(args.out_dir, args.split)}' if args.out_dir else ''
        print(f'{number} pairs{where}')


def run_pipeline(info: dict, transforms: Sequence[Callable], mode: str) -> list[Step]:
    """Return (title, image, boxes, labels) of the steps that the mode shows, [] if rejected."""
    steps, results = [], info
    for transform in transforms:
        if type(transform).__name__.startswith('Pack'):
            break
        results = transform(results)
        if results is None:  # a crop without boxes, say: training draws another pair
            return []
        boxes = results.get('gt_bboxes', np.zeros((0, 4)))
        boxes = torch.as_tensor(getattr(boxes, 'tensor', boxes)).clone().float()
        labels = torch.as_tensor(results.get('gt_bboxes_labels', np.zeros(0, int)))
        steps.append((type(transform).__name__, results['img'].copy(), boxes, labels))
        if mode == 'original':
            boxes = torch.tensor([item['bbox'] for item in info['instances']]).reshape(-1, 4)
            labels = torch.tensor(
                [item['bbox_label'] for item in info['instances']], dtype=torch.int64
            )
            return [('', steps[0][1], boxes, labels)]
    return steps if mode == 'pipeline' else [('', *steps[-1][1:])]


def draw(
    visualizer: DetLocalVisualizer, title: str, image: np.ndarray, boxes: Tensor, labels: Tensor
) -> np.ndarray:
    """Return the RGB picture of one step: visible and infrared side by side, with boxes."""
    zoom = max(1, round(WIDE_ENOUGH / image.shape[1]))
    image = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    views = [image[..., 2::-1]] + ([image[..., 3:].repeat(3, 2)] if image.shape[2] == 4 else [])
    sample = DetDataSample(gt_instances=InstanceData(bboxes=boxes * zoom, labels=labels))
    drawn = []
    for view in views:
        visualizer.add_datasample(title, np.ascontiguousarray(view), sample, draw_pred=False)
        drawn.append(visualizer.get_image())
    picture = np.hstack(drawn)
    if title:
        picture = np.vstack([np.full((28, *picture.shape[1:]), 255, np.uint8), picture])
        cv2.putText(
            picture, title, (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA
        )
    return picture


def match_widths(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Pad pictures on the right to the widest."""
    widest = max(picture.shape[1] for picture in pictures)
    return [
        np.pad(p, ((0, 0), (0, widest - p.shape[1]), (0, 0)), constant_values=255) for p in pictures
    ]


if __name__ == '__main__':
    main()
