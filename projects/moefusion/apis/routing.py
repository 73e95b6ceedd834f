"""Do the gates decide? A pair's own experts against those that other choices would have taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from moefusion.fusion import Gating
from moefusion.fusion.alternatives import fuse_by
from moefusion.image import sobel_gradient
from moefusion.losses import FusionLoss, Target, information_ratio
from moefusion.metrics import entropy, qabf, visual_information_fidelity
from moefusion.models import MoEFusion
from moefusion.models.moe_fusion import MODALITIES

SCORES = {'VIF': visual_information_fidelity, 'Qabf': qabf}
OF_EITHER = ['', ' gradient', ' entropy']
FOLLOWS = ['information', *(name + what for name in MODALITIES for what in OF_EITHER)]
SMALL = 0.01  # a difference between weights that means nothing
GRADIENT_WEIGHT = 0.5  # of the gradient loss, as in the recipe of the bundled weights

Experts = tuple[int, ...]


@dataclass
class RoutedPair:
    """One pair, what the gates decided for it, and what each choice costs.

    Attributes:
        sources (list[Tensor]): visible and infrared gray image and both attention maps, each
            1 x 1 x H x W in [0, 1].
        gatings (dict[str, Gating]): each gate's own decision.
        target (Target): what the loss compares its fused images with.
        row (dict[str, float | str]): its row of :meth:`RoutingStudy.table`.
    """

    sources: list[Tensor]
    gatings: dict[str, Gating]
    target: Target
    row: dict[str, float | str] = field(default_factory=dict)


class RoutingStudy:
    """Fuses pairs with their own and with other decisions of the gates.

    Args:
        model (MoEFusion): in evaluation mode.
        loss (FusionLoss, optional): what a choice costs. Defaults to the model's own.
    """

    def __init__(self, model: MoEFusion, loss: FusionLoss | None = None) -> None:
        self.model = model
        self.loss = loss or model.fusion_loss
        self.pairs: list[RoutedPair] = []
        # the sets of experts that each gate can choose
        self.sets: dict[str, list[Experts]] = {
            name: list(combinations(range(gate.num_experts), gate.top_k))
            for name, gate in model.fusion.gates().items()
        }

    @torch.no_grad()
    def add(self, pair: np.ndarray, name: str, group: str) -> None:
        """Take in one pair, H x W x 4, uint8 (B, G, R, infrared); ``group`` is its data set."""
        size = pair.shape[:2]
        sample = DetDataSample(metainfo=dict(img_shape=size, ori_shape=size))
        tensor = torch.from_numpy(np.ascontiguousarray(pair.transpose(2, 0, 1)))
        batch = dict(inputs=[tensor], data_samples=[sample])
        inputs = self.model.data_preprocessor(batch)['inputs']
        sources = [inputs[f'{modality}_gray'] for modality in MODALITIES]
        sources += [self.model.attend(modality, inputs[modality]) for modality in MODALITIES]
        sources = [image[..., : size[0], : size[1]] for image in sources]
        output = self.model.fusion(*sources)
        target = self.loss.target(sources[0], sources[1], None)
        routed = RoutedPair(sources, output.gatings, target, dict(data=group, pair=name))
        routed.row['information'] = information_ratio(*sources[:2]).log().item()
        for modality, image in zip(MODALITIES, sources):
            levels = (image * 255).round().to(torch.uint8).cpu()[0, 0]
            routed.row[modality] = image.mean().item()
            routed.row[f'{modality} gradient'] = sobel_gradient(image).mean().item()
            routed.row[f'{modality} entropy'] = float(entropy(levels))
        for gate, gating in output.gatings.items():
            weights, logits = gating.weights[0].tolist(), gating.logits[0].tolist()
            routed.row[gate] = ' and '.join(map(str, sorted(gating.selected[0])))
            routed.row |= {f'{gate} {number}': weight for number, weight in enumerate(weights)}
            routed.row |= {f'{gate} logit {number}': logit for number, logit in enumerate(logits)}
        self._record(routed, 'own', output.fused, scored=True)
        self.pairs.append(routed)

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
            drawn = {name: sets[random.integers(len(sets))] for name, sets in self.sets.items()}
            given = {'swapped': other.gatings}
            given |= {f'swapped {name}': {name: other.gatings[name]} for name in self.sets}
            given['random'] = self._choose(drawn)
            tried = self._single_sets()
            images = self._fuse(pair, [*given.values(), *tried.values()])
            for kind, image in zip(given, images):
                self._record(pair, kind, image, scored=kind == 'swapped')
            found = [self._cost(pair, image) for image in images[len(given) :]]
            trials.append(dict(zip(tried, found)))
        total = {key: sum(costs[key] for costs in trials) for key in trials[0]}
        fixed = self._choose(self._best(total))
        for pair, costs in zip(self.pairs, trials):
            images = self._fuse(pair, [fixed, self._choose(self._best(costs))])
            for kind, image in zip(('fixed', 'oracle'), images):
                self._record(pair, kind, image)

    def table(self) -> pd.DataFrame:
        """A row for each pair.

        Columns: ``data`` and ``pair`` name it. ``information`` (log of
        :func:`moefusion.losses.information_ratio`), and of either image its brightness
        (``visible``), mean gradient (``visible gradient``) and entropy are what the whole pair
        shows. Each gate has its set of experts (``global``), their weights (``global 0``) and
        logits (``global logit 0``). Each kind of choice has its fusion loss (``loss swapped``), own
        and swapped ones ``VIF`` and ``Qabf``, too (``VIF swapped``).
        """
        return pd.DataFrame([pair.row for pair in self.pairs])

    def correlations(self) -> pd.DataFrame:
        """What gates follow: for each gate the strongest correlation of an expert's logit.

        Returns:
            pd.DataFrame: a row a gate, a column a thing that a pair shows: from -1 to 1 (Pearson),
            ``nan`` where nothing varies.
        """
        table = self.table()
        strongest = {}
        for name in self.sets:
            logits = table.filter(regex=f'^{name} logit ')
            with np.errstate(divide='ignore', invalid='ignore'):
                found = {key: logits.corrwith(table[key]).dropna() for key in FOLLOWS}
            strongest[name] = {
                key: max(values, key=abs, default=np.nan) for key, values in found.items()
            }
        return pd.DataFrame(strongest).T

    def told_apart(self) -> pd.Series:
        """How well the gates' weights for a pair tell which data set it is of.

        A pair goes to the data set whose mean weights, over the other pairs, are nearest. Each
        weight counts by its deviation within data sets.

        Returns:
            pd.Series: by data set, the share of its pairs that are told. Their mean is 1 / number
            of data sets by chance, and where gates do not depend on the pair.
        """
        table = self.table()
        gates = '|'.join(self.sets)
        weights, group = table.filter(regex=rf'^({gates}) \d+$'), table['data']
        told = []
        for pair, own in weights.iterrows():
            others = weights.drop(pair).groupby(group.drop(pair), sort=False)
            scale = others.var(ddof=0).mean() ** 0.5 + SMALL
            away = ((others.mean() - own) / scale).pow(2).sum(axis=1)
            told.append(away.reindex(group.unique()).idxmin() == group[pair])
        return pd.Series(told).groupby(group, sort=False).mean()

    def _choose(self, sets: Mapping[str, Experts]) -> dict[str, Gating]:
        """Decisions for these experts, weighed alike."""
        gates, decisions = self.model.fusion.gates(), {}
        for name, chosen in sets.items():
            device = gates[name].weight.device
            index = torch.tensor([chosen], device=device)
            weights = torch.zeros(1, gates[name].num_experts, device=device)
            weights[:, chosen] = 1 / len(chosen)
            decisions[name] = Gating(weights, (weights > 0).float(), index, weights)
        return decisions

    def _single_sets(self) -> dict[tuple[str, Experts], dict[str, Gating]]:
        """Each set of experts that one gate can choose, the other gates as they decided."""
        return {
            (name, chosen): self._choose({name: chosen})
            for name, sets in self.sets.items()
            for chosen in sets
        }

    def _best(self, costs: Mapping[tuple[str, Experts], float]) -> dict[str, Experts]:
        """The set that costs least at each gate."""
        return {
            name: min(sets, key=lambda chosen: costs[name, chosen])
            for name, sets in self.sets.items()
        }

    def _fuse(self, pair: RoutedPair, given: Sequence[Mapping[str, Gating]]) -> list[Tensor]:
        """The fused image for each decision; gates that it does not name decide as they did."""
        decisions = [{**pair.gatings, **each} for each in given]
        return fuse_by(self.model.fusion, pair.sources, decisions)

    def _record(self, pair: RoutedPair, kind: str, fused: Tensor, scored: bool = False) -> None:
        pair.row[f'loss {kind}'] = self._cost(pair, fused)
        if scored:
            visible, infrared, fused = (
                (image.clamp(0, 1) * 255).round().to(torch.uint8).cpu()[0, 0]
                for image in (*pair.sources[:2], fused)
            )
            for name, score in SCORES.items():
                pair.row[f'{name} {kind}'] = float(score(visible, infrared, fused))

    def _cost(self, pair: RoutedPair, fused: Tensor) -> float:
        foreground, background, gradient = self.loss.distances(fused.float(), pair.target)
        return (foreground + background + GRADIENT_WEIGHT * gradient).item()
