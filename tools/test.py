"""Scores a checkpoint: `python tools/test.py CONFIG CHECKPOINT`, with MMDetection's flags."""

from __future__ import annotations

import argparse
import os

from moefusion.apis import load_config, prepare_distributed
from moefusion.apis.command import add_config_options, add_launcher, command
from moefusion.apis.memory import keep_freed_memory
from moefusion.weights.checkpoint import load_weights


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint, read as data: no code in it runs')
    parser.add_argument(
        '--work-dir', help='where logs and pictures go (default: work_dirs/<name of the config>)'
    )
    parser.add_argument('--out', help='a .pkl file for detections, gates and metrics of each pair')
    add_config_options(parser, 'test_dataloader.batch_size=2')
    add_launcher(parser)
    args = parser.parse_args()
    if args.out and not args.out.endswith(('.pkl', '.pickle')):
        parser.error(f'--out must be a .pkl file, but is {args.out}')
    return args


@command
def main() -> None:
    args = parse_args()
    from mmengine.model import is_model_wrapper
    from mmengine.runner import Runner

    keep_freed_memory()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    prepare_distributed(cfg, args.launcher)
    cfg.load_from, cfg.resume = None, False
    runner = Runner.from_cfg(cfg)
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    checkpoint = load_weights(model, args.checkpoint)
    runner.call_hook('after_load_checkpoint', checkpoint=checkpoint)
    if args.out:
        from moefusion.evaluation.dump_predictions import DumpPredictions
        from moefusion.evaluation.fusion_metric import FusionMetric

        metrics = runner.test_evaluator.metrics
        scored = [metric for metric in metrics if isinstance(metric, FusionMetric)]
        metrics.append(DumpPredictions(args.out, scored))
    runner.test()


if __name__ == '__main__':
    main()
