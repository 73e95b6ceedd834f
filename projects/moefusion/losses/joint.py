"""Joins fusion, load and detection losses into the one that is minimised (paper, 3.4)."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

# Equation 5 with alpha = 10. The paper adds the load loss with weight 1; the authors' code scales
# it by 0.01 (local mixtures) and 0.02 (global mixture), and so do we.
DEFAULT_WEIGHTS: dict[str, Any] = dict(
    fusion=dict(loss_pixel_foreground=1.0, loss_pixel_background=1.0, loss_gradient=10.0),
    load=dict(loss_local_foreground=0.01, loss_local_background=0.01, loss_global=0.02),
    visible=1.0,
    infrared=1.0,
)
SCHEDULE = {'start', 'end', 'begin', 'until'}


class JointLoss:
    """The weighted sum of loss terms that come as ``<group>.<term>``.

    A term counts if its name holds "loss" (MMEngine's rule); other entries are only logged. A
    weight is a number or a linear schedule, ``dict(start=, end=, begin=0, until=)``: ``start`` up
    to iteration ``begin``, ``end`` from iteration ``until`` on.

    Args:
        weights (Mapping, optional): for each group one weight for all its terms, or a mapping from
            term to weight. Groups and terms left out keep the weight of ``DEFAULT_WEIGHTS``, or 1.

    Attributes:
        iteration (int): the current one, from 0; the schedules follow it.

    Raises:
        ValueError: if a weight is neither number nor schedule, or a schedule is incomplete.
    """

    def __init__(self, weights: Mapping[str, Any] | None = None) -> None:
        self.iteration = 0
        self._given = _by_name(weights or {})
        for name, weight in self._given.items():
            _check(name, weight)
        defaults = _by_name(DEFAULT_WEIGHTS).items()
        kept = {name: weight for name, weight in defaults if _group(name) not in self._given}
        self._weights = {**kept, **self._given}

    def weight(self, name: str) -> float:
        """The weight of the term ``<group>.<term>`` at the current iteration."""
        weight = self._weights.get(name, self._weights.get(_group(name), 1.0))
        if not isinstance(weight, Mapping):
            return float(weight)
        begin, until = weight.get('begin', 0), weight['until']
        progress = min(max((self.iteration - begin) / (until - begin), 0), 1)
        return float(weight['start'] + progress * (weight['end'] - weight['start']))

    def __call__(
        self, losses: Mapping[str, Tensor | Sequence[Tensor]]
    ) -> tuple[Tensor, OrderedDict[str, Tensor]]:
        """Join the terms.

        Args:
            losses (Mapping[str, Tensor | Sequence[Tensor]]): unweighted terms; a list is summed.

        Returns:
            tuple[Tensor, OrderedDict[str, Tensor]]: the scalar to minimise, and for the log:
            ``loss``, ``loss_<group>`` (weighted) and every term as it came.

        Raises:
            FloatingPointError: if a term is not finite; it is named.
            KeyError: if a weight was given for a term or group that neither this model nor
                ``DEFAULT_WEIGHTS`` has.
        """
        terms = {
            name: value.mean()
            if isinstance(value, Tensor)
            else reduce(torch.add, [part.mean() for part in value])
            for name, value in losses.items()
        }
        self._require_known(terms)
        counted = {name: value for name, value in terms.items() if 'loss' in name.split('.')[-1]}
        self._require_finite(counted)
        groups: dict[str, Tensor] = {}
        for name, value in counted.items():
            group, weighted = f'loss_{_group(name)}', self.weight(name) * value
            groups[group] = groups[group] + weighted if group in groups else weighted
        total = reduce(torch.add, groups.values())
        return total, OrderedDict(loss=total, **groups, **terms)

    def _require_known(self, terms: Mapping[str, Tensor]) -> None:
        names = [*terms, *_by_name(DEFAULT_WEIGHTS)]
        known = {*names, *map(_group, names)}
        # a detector whose batch has no labels has none of its terms, whatever they are called
        idle = {_group(name) for name in terms if name.endswith('.loss_unlabelled')}
        for name in self._given:
            if name not in known and _group(name) not in idle:
                raise KeyError(f'weights: the model has no loss {name}; it has {", ".join(terms)}')

    def _require_finite(self, terms: Mapping[str, Tensor]) -> None:
        finite = torch.stack([value.detach().float() for value in terms.values()]).isfinite()
        if not finite.all():
            bad = [
                f'{name} = {value.item()}' for name, value in terms.items() if not value.isfinite()
            ]
            raise FloatingPointError(
                f'at iteration {self.iteration} the loss is not finite: {", ".join(bad)}. Lower '
                'the learning rate or clip gradients (optim_wrapper), or check the data of this '
                'batch'
            )


def _group(name: str) -> str:
    return name.partition('.')[0]


def _by_name(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Weights by ``<group>``, or by ``<group>.<term>`` where each term has its own."""
    flat = {}
    for group, weight in weights.items():
        single = not isinstance(weight, Mapping) or not SCHEDULE.isdisjoint(weight)
        terms = {'': weight} if single else weight
        flat.update({f'{group}.{term}'.rstrip('.'): value for term, value in terms.items()})
    return flat


def _check(name: str, weight: Any) -> None:
    if isinstance(weight, (int, float)):
        return
    complete = isinstance(weight, Mapping) and {'start', 'end', 'until'} <= set(weight)
    if not complete or weight['until'] <= weight.get('begin', 0):
        raise ValueError(
            f'weights: {name} must be a number or dict(start=, end=, begin=0, until=) with until '
            f'after begin, but is {weight!r}'
        )
