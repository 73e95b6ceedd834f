"""Scores a checkpoint: `python tools/test.py CONFIG CHECKPOINT`, with MMDetection's flags."""

from __future__ import annotations

import argparse

from moefusion.apis.command import command
from moefusion.apis.launch import add_run_options, explaining_lost_ranks, prepare_run
from moefusion.weights.checkpoint import load_weights


def parse_args() -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint, read as data: no code in it runs')
    parser.add_argument('--out', help='a .pkl file for detections, gates and metrics of each pair')
    add_run_options(parser, 'test_dataloader.batch_size=2')
    args = parser.parse_args()
    if args.out and not args.out.endswith(('.pkl', '.pickle')):
        parser.error(f'--out must be a .pkl file, but is {args.out}')
    return args


@command
def main() -> None:
    """Test, and write what ``--out`` asks for."""
    args = parse_args()
    from mmengine.model import is_model_wrapper
    from mmengine.runner import Runner

    cfg = prepare_run(args)
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
    with explaining_lost_ranks():
        runner.test()


if __name__ == '__main__':
    main()
