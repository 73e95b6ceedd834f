"""Joins fusion, load and detection losses into the one that is minimised (paper, 3.4)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import torch
from torch import Tensor

# Equation 5 with alpha = 10. The paper adds the load loss with weight 1; the authors' code scales
# it by 0.01 (local mixtures) and 0.02 (global mixture), and so do we.
DEFAULT_WEIGHTS = dict(
    fusion=dict(loss_pixel_foreground=1.0, loss_pixel_background=1.0, loss_gradient=10.0),
    load=dict(loss_local_foreground=0.01, loss_local_background=0.01, loss_global=0.02),
    visible=1.0,
    infrared=1.0,
)


def scheduled(weight, iteration: int) -> float:
    """The value of a constant or linearly scheduled weight.

    Args:
        weight (float | Mapping): a number, or ``dict(start, end, begin, until)``: ``start`` up to
            iteration ``begin`` (default 0), then linearly to ``end`` at iteration ``until``, and
            ``end`` from there on.
        iteration (int): the current iteration, from 0.
    """
    if not isinstance(weight, Mapping):
        return float(weight)
    begin, until = weight.get('begin', 0), weight['until']
    progress = min(max((iteration - begin) / (until - begin), 0), 1)
    return weight['start'] + progress * (weight['end'] - weight['start'])


def _is_schedule(weight) -> bool:
    return isinstance(weight, Mapping) and not {'start', 'end', 'begin', 'until'}.isdisjoint(weight)


def _by_term(weight) -> bool:
    return isinstance(weight, Mapping) and not _is_schedule(weight)


class JointLoss:
    """The weighted sum of loss terms that come as ``<group>.<term>``.

    A term counts if its name holds "loss" (MMEngine's rule); other entries are only logged.

    Args:
        weights (Mapping, optional): for each group one weight for all its terms, or a mapping from
            term to weight. A weight is a number or a linear schedule, see :func:`scheduled`.
            Groups and terms left out keep the weight of ``DEFAULT_WEIGHTS``, or 1.

    Raises:
        ValueError: if a weight is neither number nor schedule, or a schedule is incomplete.
    """

    def __init__(self, weights: Mapping | None = None) -> None:
        self._given = dict(weights or {})
        self.weights = dict(DEFAULT_WEIGHTS)
        self.iteration = 0
        for group, weight in self._given.items():
            default = DEFAULT_WEIGHTS.get(group)
            self.weights[group] = (
                {**default, **weight} if _by_term(weight) and _by_term(default) else weight
            )
            for term, value in (weight if _by_term(weight) else {'': weight}).items():
                self._check(f'{group}.{term}'.rstrip('.'), value)

    @staticmethod
    def _check(name: str, weight) -> None:
        if isinstance(weight, (int, float)):
            return
        if (
            not _is_schedule(weight)
            or not {'start', 'end', 'until'} <= set(weight)
            or (weight['until'] <= weight.get('begin', 0))
        ):
            raise ValueError(
                f'weights: {name} must be a number or dict(start=, end=, begin=0, '
                f'until=) with until after begin, but is {weight!r}'
            )

    def weight(self, group: str, term: str) -> float:
        """The weight of a term at the current iteration."""
        weight = self.weights.get(group, 1.0)
        if _by_term(weight):
            weight = weight.get(term, 1.0)
        return scheduled(weight, self.iteration)

    def __call__(
        self, losses: Mapping[str, Tensor | list[Tensor]]
    ) -> tuple[Tensor, OrderedDict[str, Tensor]]:
        """Join the terms.

        Args:
            losses (Mapping[str, Tensor | list[Tensor]]): unweighted terms; a list is summed.

        Returns:
            tuple[Tensor, OrderedDict[str, Tensor]]: the scalar to minimise, and for the log:
            ``loss``, ``loss_<group>`` (weighted) and every term as it came.

        Raises:
            FloatingPointError: if a term is not finite; it is named.
            KeyError: if a weight was given for a term or group that neither this model nor
                ``DEFAULT_WEIGHTS`` has.
        """
        terms = {
            name: sum(part.mean() for part in value)
            if isinstance(value, (list, tuple))
            else value.mean()
            for name, value in losses.items()
        }
        self._require_known(terms)
        counted = {name: value for name, value in terms.items() if 'loss' in name.split('.')[-1]}
        self._require_finite(counted)
        groups: dict[str, Tensor] = {}
        for name, value in counted.items():
            group, _, term = name.partition('.')
            weighted = self.weight(group, term) * value
            groups[group] = groups[group] + weighted if group in groups else weighted
        total = sum(groups.values())
        log = OrderedDict(loss=total)
        log.update((f'loss_{group}', value) for group, value in groups.items())
        log.update(terms)
        return total, log

    def _require_known(self, terms: Mapping[str, Tensor]) -> None:
        known = {*terms, *(name.partition('.')[0] for name in terms), *DEFAULT_WEIGHTS}
        known.update(
            f'{group}.{term}'
            for group, weight in DEFAULT_WEIGHTS.items()
            if _by_term(weight)
            for term in weight
        )
        # a detector whose batch has no labels has none of its terms, whatever they are called
        idle = {name.partition('.')[0] for name in terms if name.endswith('.loss_unlabelled')}
        for group, weight in self._given.items():
            if group in idle:
                continue
            for name in [f'{group}.{term}' for term in weight] if _by_term(weight) else [group]:
                if name not in known:
                    raise KeyError(
                        f'weights: the model has no loss {name}; it has {", ".join(terms)}'
                    )

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
