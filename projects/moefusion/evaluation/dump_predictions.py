"""DumpPredictions: what was found in each pair, in a file without its pixels."""

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import DumpResults

from moefusion.evaluation.fusion_metric import FusionMetric
from moefusion.files.writing import check_writable
from moefusion.metrics import METRIC_NAMES

NAMES = ('img_id', 'img_path', 'infrared_path', 'ori_shape', 'img_shape', 'scale_factor')


class DumpPredictions(DumpResults):
    """Writes a list of dicts, one a pair, to a pickle file.

    MMEngine's ``DumpResults`` keeps the whole data sample in memory, which for ``MoEFusion``
    holds the fused image and three attention maps: sixteen bytes a pixel and more. Here stay the
    names and sizes of the pair, ``gates``, every ``*instances`` that was predicted, and
    ``metrics``: for each ``FusionMetric`` by its prefix the eight values of this image, or none
    where it was skipped or could not be scored.

    Args:
        out_file_path (str): ends with ``.pkl`` or ``.pickle``.
        fusion_metrics (Sequence[FusionMetric]): those that stand before this one in the
            evaluator and so have scored the batch. Defaults to none.

    Raises:
        OSError: at once, if the file cannot be written.
    """

    def __init__(self, out_file_path: str, fusion_metrics: Sequence[FusionMetric] = ()) -> None:
        check_writable(out_file_path)
        super().__init__(out_file_path)
        self.fusion_metrics = fusion_metrics

    def process(self, data_batch: dict[str, Any], predictions: Sequence[dict[str, Any]]) -> None:
        """Keep what is small of each data sample."""
        kept = []
        for row, sample in enumerate(predictions, -len(predictions)):
            small = {name: sample[name] for name in NAMES if name in sample}
            small |= {
                name: value
                for name, value in sample.items()
                if name == 'gates'
                or (name.endswith('instances') and not name.startswith(('gt_', 'ignored_')))
            }
            small['metrics'] = {
                metric.prefix: {}
                if isinstance(metric.results[row], str)
                else dict(zip(METRIC_NAMES, metric.results[row]))
                for metric in self.fusion_metrics
            }
            kept.append(small)
        super().process(data_batch, kept)
