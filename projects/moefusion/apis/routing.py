"""Do the gates decide? A pair's own experts against those that other choices would have taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from moefusion.fusion import FusionOutput, Gating
from moefusion.losses import FusionLoss, information_ratio
from moefusion.metrics import fusion_metrics
from moefusion.models import MoEFusion
from moefusion.models.moe_fusion import MODALITIES

SCORES = 'VIF', 'Qabf'
GRADIENT_WEIGHT = 0.5  # of the gradient loss, as in the recipe of the bundled weights


@dataclass
class RoutedPair:
    """One pair, what the gates decided for it, and what each choice costs.

    Attributes:
        name (str): its file's stem.
        group (str): the data set that it comes from.
        sources (list[Tensor]): visible and infrared gray image and both attention maps, each
            1 x 1 x H x W in [0, 1].
        gatings (dict[str, Gating]): each gate's own decision.
        follows (dict[str, float]): what the whole pair shows: ``information`` (log of
            :func:`moefusion.losses.information_ratio`), ``visible`` and ``infrared`` brightness.
        losses (dict[str, float]): the fusion loss by kind of choice.
        scores (dict[str, dict[str, float]]): VIF and Qabf by kind of choice.
    """

    name: str
    group: str
    sources: list[Tensor]
    gatings: dict[str, Gating]
    follows: dict[str, float]
    losses: dict[str, float] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)


class RoutingStudy:
    """Fuses pairs with their own and with other decisions of the gates.

    Args:
        model (MoEFusion): in evaluation mode.
        loss (FusionLoss, optional): what a choice costs. Defaults to the model's own.
    """

    def __init__(self, model: MoEFusion, loss: FusionLoss | None = None) -> None:
        self.model = model
        self.loss = loss or model.fusion_loss
        self.gates = model.fusion.gates()
        self.pairs: list[RoutedPair] = []

    @torch.no_grad()
    def add(self, pair: np.ndarray, name: str, group: str) -> RoutedPair:
        """Take in one pair.

        Args:
            pair (np.ndarray): H x W x 4, uint8, B, G, R, infrared.
            name (str): what it is called.
            group (str): its data set.
        """
        size = pair.shape[:2]
        sample = DetDataSample(metainfo=dict(img_shape=size, ori_shape=size))
        tensor = torch.from_numpy(np.ascontiguousarray(pair.transpose(2, 0, 1)))
        inputs = self.model.data_preprocessor(dict(inputs=[tensor], data_samples=[sample]))[
            'inputs'
        ]
        sources = [inputs[f'{modality}_gray'] for modality in MODALITIES]
        sources += [self.model.attend(modality, inputs[modality]) for modality in MODALITIES]
        sources = [image[..., : size[0], : size[1]] for image in sources]
        output = self.model.fusion(*sources)
        follows = dict(
            information=information_ratio(*sources[:2]).log().item(),
            visible=sources[0].mean().item(),
            infrared=sources[1].mean().item(),
        )
        routed = RoutedPair(name, group, sources, output.gatings, follows)
        self._record(routed, 'own', output)
        self.pairs.append(routed)
        return routed

    @torch.no_grad()
    def compare(self, progress: Callable[[Iterable], Iterable] = iter, seed: int = 0) -> None:
        """Measure every other kind of choice on every pair.

        ``swapped``: another pair's decisions, at all gates and at each gate alone. ``random``:
        experts drawn with equal chance. ``fixed``: the set that is best over all pairs, at each
        gate. ``oracle``: the set that is best for the pair, at each gate. Sets weigh their experts
        alike; they are tried gate by gate, the others as they decided.

        Args:
            progress (Callable): wraps the iteration over pairs, such as ``tqdm``.
            seed (int): of the random experts.

        Raises:
            ValueError: with fewer than two pairs.
        """
        if len(self.pairs) < 2:
            raise ValueError('there must be two or more pairs to compare their experts')
        random = np.random.default_rng(seed)
        shift = max(1, len(self.pairs) // 3)  # another data set's pair, as they come in groups
        others = self.pairs[shift:] + self.pairs[:shift]
        trials = []
        for pair, other in progress(list(zip(self.pairs, others))):
            self._try(pair, 'swapped', other.gatings, scored=True)
            for name in self.gates:
                self._try(pair, f'swapped {name}', {name: other.gatings[name]})
            drawn = {name: list(random.choice(list(self._sets(name)))) for name in self.gates}
            self._try(pair, 'random', {n: self._gating(n, chosen) for n, chosen in drawn.items()})
            trials.append(self._trials(pair))
        fixed = {
            name: min(self._sets(name), key=lambda s, n=name: sum(t[n][s] for t in trials))
            for name in self.gates
        }
        for pair, costs in zip(self.pairs, trials):
            best = {name: min(sets, key=sets.get) for name, sets in costs.items()}
            for kind, chosen in (('fixed', fixed), ('oracle', best)):
                self._try(pair, kind, {n: self._gating(n, s) for n, s in chosen.items()})

    def chosen(self) -> dict[str, Counter]:
        """How often each gate chose each set of experts."""
        return {
            name: Counter(tuple(sorted(pair.gatings[name].selected[0])) for pair in self.pairs)
            for name in self.gates
        }

    def correlations(self) -> dict[str, dict[str, float]]:
        """What gates follow: for each gate the strongest correlation of an expert's logit.

        Returns:
            dict: by gate, then by what a pair shows: from -1 to 1 (Pearson), ``nan`` where
            nothing varies.
        """
        result: dict[str, dict[str, float]] = {}
        for name in self.gates:
            logits = np.array([pair.gatings[name].logits[0].tolist() for pair in self.pairs])
            result[name] = {}
            for key in self.pairs[0].follows:
                shown = np.array([pair.follows[key] for pair in self.pairs])
                with np.errstate(divide='ignore', invalid='ignore'):
                    values = [np.corrcoef(column, shown)[0, 1] for column in logits.T]
                defined = [value for value in values if not np.isnan(value)]
                result[name][key] = float(max(defined, key=abs)) if defined else float('nan')
        return result

    def mean_loss(self, kind: str) -> float:
        """The fusion loss of a kind of choice, averaged over the pairs."""
        return float(np.mean([pair.losses[kind] for pair in self.pairs]))

    def mean_score(self, kind: str, metric: str) -> float:
        """VIF or Qabf of a kind of choice, averaged over the pairs."""
        return float(np.mean([pair.scores[kind][metric] for pair in self.pairs]))

    def _sets(self, name: str) -> Iterable[tuple[int, ...]]:
        gate = self.gates[name]
        return combinations(range(gate.num_experts), gate.top_k)

    def _gating(self, name: str, chosen: Iterable[int]) -> Gating:
        """A decision for these experts, weighed alike."""
        numbers = [int(number) for number in chosen]
        weights = torch.zeros(1, self.gates[name].num_experts)
        weights[:, numbers] = 1 / len(numbers)
        weights = weights.to(self.gates[name].weight.device)
        return Gating(weights, (weights > 0).float(), torch.tensor([numbers]), weights)

    def _trials(self, pair: RoutedPair) -> dict[str, dict[tuple[int, ...], float]]:
        """What each set costs at each gate, the other gates as they decided."""
        return {
            name: {
                chosen: self._cost(pair, self._fuse(pair, {name: self._gating(name, chosen)}).fused)
                for chosen in self._sets(name)
            }
            for name in self.gates
        }

    def _try(
        self, pair: RoutedPair, kind: str, given: Mapping[str, Gating], scored: bool = False
    ) -> None:
        self._record(pair, kind, self._fuse(pair, given), scored)

    def _fuse(self, pair: RoutedPair, given: Mapping[str, Gating]) -> FusionOutput:
        return self.model.fusion(*pair.sources, gatings={**pair.gatings, **given})

    def _record(
        self, pair: RoutedPair, kind: str, output: FusionOutput, scored: bool = True
    ) -> None:
        pair.losses[kind] = self._cost(pair, output.fused)
        if scored:
            levels = [
                (image.clamp(0, 1) * 255).round().to(torch.uint8).cpu()[0, 0]
                for image in (*pair.sources[:2], output.fused)
            ]
            found = fusion_metrics(*levels)
            pair.scores[kind] = {metric: float(found[metric]) for metric in SCORES}

    def _cost(self, pair: RoutedPair, fused: Tensor) -> float:
        images = [[image[0]] for image in (fused.float(), *pair.sources[:2])]
        terms = self.loss(*images, [None])
        pixels = terms['loss_pixel_foreground'] + terms['loss_pixel_background']
        return (pixels + GRADIENT_WEIGHT * terms['loss_gradient']).item()
