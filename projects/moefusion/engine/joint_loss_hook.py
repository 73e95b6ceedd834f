"""JointLossHook: gives the model the weights that join its loss terms."""

from collections.abc import Mapping
from typing import Any

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from moefusion.losses import JointLoss


@HOOKS.register_module()
class JointLossHook(Hook):
    """Joins fusion, load and detection losses with the config's weights.

    A hook cannot add a loss once ``forward`` has run, so it hands the model a
    :class:`~moefusion.losses.JointLoss` before training, which the model's ``parse_losses``
    calls; before each iteration it tells it how far training is. Each group is logged, and
    training stops with the term's name if one is not finite.

    Args:
        weights (Mapping, optional): by group and term, see ``JointLoss``.

    Raises:
        TypeError: before training, if the model does not take joined losses.

    Examples:
        >>> weights = dict(fusion=dict(loss_gradient=10.0), visible=dict(start=0, end=1, until=500))
        >>> custom_hooks = [dict(type='JointLossHook', weights=weights)]
    """

    def __init__(self, weights: Mapping[str, Any] | None = None) -> None:
        self.joint_loss = JointLoss(weights)

    def before_train(self, runner: Runner) -> None:
        """Hand the model its weights."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if not hasattr(model, 'join_losses'):
            raise TypeError(
                f'JointLossHook joins the losses of MoEFusion, but the model is a '
                f'{type(model).__name__}: leave out the hook (configs/_base_/fusion_runtime.py)'
            )
        model.join_losses = self.joint_loss

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Tell the schedules how far training is."""
        self.joint_loss.iteration = runner.iter
