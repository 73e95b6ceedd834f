"""One detector that scores visible, infrared and fused images alike (paper, 4.6 and C)."""

from __future__ import annotations

from pathlib import Path

from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData
from torch import Tensor, nn

from moefusion.weights.checkpoint import load_weights


class EvaluationDetector(nn.Module):
    """A stock detector with its own preprocessing, trained before or alongside the fusion.

    With ``checkpoint`` it is one that was trained before (``configs/detectors``): frozen, and
    no part of the fusion model's parameters or checkpoint. Without, it is trained along with the
    fusion model on the visible and the infrared images; the fusion does not learn from it.

    Args:
        config (str | dict): A detector's config file, or the config of its model.
        checkpoint (str, optional): Its weights.

    Raises:
        FileNotFoundError: if the config or the checkpoint is not there.
        ValueError: if the checkpoint is damaged or of another architecture.
    """

    def __init__(self, config: str | dict, checkpoint: str | None = None) -> None:
        super().__init__()
        if isinstance(config, (str, Path)):
            if not Path(config).is_file():
                raise FileNotFoundError(f'evaluation_detector.config: there is no file {config}')
            config = Config.fromfile(config).model
        detector = MODELS.build(config)
        self.trainable = checkpoint is None
        if self.trainable:
            self.trained = detector
        else:
            load_weights(detector, checkpoint)
            detector.requires_grad_(False).eval()
            self._frozen = (detector,)  # the tuple hides it from nn.Module

    def init_weights(self) -> None:
        """Initialise a detector that is trained alongside, as its config says.

        MMEngine asks only modules that have this method; one with a checkpoint keeps its weights.
        """
        if self.trainable:
            self.trained.init_weights()

    @property
    def detector(self) -> nn.Module:
        return self.trained if self.trainable else self._frozen[0]

    def loss(self, images: list[Tensor], samples: list[DetDataSample]) -> dict:
        """Detection losses of a detector that is trained alongside.

        Args:
            images (list[Tensor]): 3 x H x W (B, G, R) in [0, 255].
            samples (list[DetDataSample]): their metadata and ``gt_instances``.

        Returns:
            dict[str, Tensor | list[Tensor]]: the detector's losses.
        """
        samples = [sample.clone() for sample in samples]
        data = self.detector.data_preprocessor(dict(inputs=images, data_samples=samples), True)
        return self.detector(**data, mode='loss')

    def predict(self, images: list[Tensor], samples: list[DetDataSample]) -> list[InstanceData]:
        """Detect on images.

        Args:
            images (list[Tensor]): 3 x H x W (B, G, R) in [0, 255].
            samples (list[DetDataSample]): their metadata.

        Returns:
            list[InstanceData]: boxes in pixels of ``ori_shape``, scores and labels.
        """
        device = images[0].device
        if not self.trainable and next(self.detector.parameters()).device != device:
            self.detector.to(device)
        blank = [DetDataSample(metainfo=sample.metainfo) for sample in samples]
        results = self.detector.test_step(dict(inputs=images, data_samples=blank))
        return [result.pred_instances for result in results]
