"""RoutingStudy: forced decisions are used, and each kind of choice costs what it should."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from moefusion.apis.routing import RoutingStudy
from moefusion.losses import FusionLoss


@pytest.fixture
def model():
    """A small MoEFusion whose gates choose by the pair."""
    from mmdet.registry import MODELS
    from mmengine.registry import init_default_scope

    import moefusion.plugin  # noqa: F401

    init_default_scope('mmdet')
    small = dict(local_grid=(2, 2), global_grid=(2, 2), global_widths=(8, 4), stride=2)
    model = MODELS.build(dict(type='MoEFusion', fusion=small)).eval()
    with torch.no_grad():
        for gate in model.fusion.gates().values():
            gate.weight.normal_(std=20)
    return model


def pairs(number):
    random = np.random.default_rng(0)
    for index in range(number):
        pair = random.integers(0, 256, (44, 50, 4), dtype=np.uint8)
        pair[..., 3 if index % 2 else slice(0, 3)] //= 8  # dark in one modality
        yield pair


@pytest.fixture
def study(model):
    study = RoutingStudy(model, FusionLoss({}))
    for number, pair in enumerate(pairs(6)):
        study.add(pair, f'pair{number}', 'odd' if number % 2 else 'even')
    study.compare()
    return study


def test_own_losses_are_those_of_the_model(model, study):
    """The images that the model itself fuses, against FusionLoss."""
    from mmdet.structures import DetDataSample

    for routed, pair in zip(study.pairs, pairs(6)):
        sample = DetDataSample(metainfo=dict(img_shape=pair.shape[:2], ori_shape=pair.shape[:2]))
        tensor = torch.from_numpy(pair.transpose(2, 0, 1).copy())
        with torch.no_grad():
            data = model.data_preprocessor(dict(inputs=[tensor], data_samples=[sample]))
            (fused,) = model(**data)
        sources = [[image[0]] for image in routed.sources[:2]]
        terms = FusionLoss({})([fused], *sources, [None])
        expected = terms['loss_pixel_background'] + 0.5 * terms['loss_gradient']
        assert routed.row['loss own'] == pytest.approx(expected.item(), rel=1e-5)


def test_forced_decisions_are_used(model, study):
    """Another pair's decisions at all gates give what the network makes of these experts."""
    first, other = study.pairs[0], study.pairs[2]
    with torch.no_grad():
        output = model.fusion(*first.sources, gatings=other.gatings)
    assert output.gatings == other.gatings
    assert first.row['loss swapped'] == pytest.approx(study._cost(first, output.fused))
    assert any(first.row[f'loss swapped {name}'] != first.row['loss own'] for name in first.gatings)


def test_the_oracle_chooses_the_best_set_of_each_gate(study):
    """Gate by gate its set costs no more than that of the pair's own experts weighed alike."""
    tried = study._single_sets()
    assert len(tried) == 3 * 6  # 2 of 4
    for pair in study.pairs:
        images = study._fuse(pair, [*tried.values()])
        costs = {key: study._cost(pair, image) for key, image in zip(tried, images)}
        best = {}
        for name, sets in study.sets.items():
            best[name] = min(sets, key=lambda chosen: costs[name, chosen])
            own = tuple(sorted(pair.gatings[name].selected[0]))
            assert costs[name, best[name]] <= costs[name, own]
        (image,) = study._fuse(pair, [study._choose(best)])
        assert pair.row['loss oracle'] == pytest.approx(study._cost(pair, image))


def test_gates_without_weights_choose_one_set(model):
    """What the study is for: zeroed gates do not depend on the pair."""
    with torch.no_grad():
        for gate in model.fusion.gates().values():
            gate.weight.zero_()
    study = RoutingStudy(model, FusionLoss({}))
    for number, pair in enumerate(pairs(4)):
        study.add(pair, str(number), 'odd' if number % 2 else 'even')
    study.compare()
    table = study.table()
    assert study.told_apart().mean() == 0.5
    assert (table[list(study.sets)].nunique() == 1).all()
    assert table['loss swapped'].mean() == pytest.approx(table['loss own'].mean())
    assert study.correlations().isna().all(axis=None)


def test_correlations_are_the_strongest_of_a_gates_logits(study):
    table = study.table()
    for name in study.sets:
        logits = table.filter(regex=f'{name} logit').to_numpy().T
        expected = max((np.corrcoef(row, table['visible'])[0, 1] for row in logits), key=abs)
        assert study.correlations().loc[name, 'visible'] == pytest.approx(expected)


def test_pairs_are_told_by_the_nearest_mean_of_the_others():
    """By hand: b's first pair is nearest to a's mean; c has no other pair. Logits do not count."""
    weights = [0.1, 0.2, 0.3, 0.2, 0.9, 0.8, 0.5]
    table = pd.DataFrame({'data': [*'aaabbbc'], 'gate 0': weights, 'gate logit 0': range(7)})
    study = SimpleNamespace(table=lambda: table, sets=dict(gate=[(0,)]))
    told = RoutingStudy.told_apart(study)
    assert told.index.tolist() == [*'abc']
    assert told.tolist() == pytest.approx([1, 2 / 3, 0])


def test_one_pair_is_too_few(model):
    study = RoutingStudy(model)
    study.add(next(pairs(1)), 'only', 'all')
    with pytest.raises(ValueError, match='two or more pairs'):
        study.compare()


def test_what_a_pair_shows(model):
    """Against its pixels: brightness, gradient and entropy of either image."""
    pair = np.zeros((44, 50, 4), np.uint8)
    pair[:, 25:, :3], pair[..., 3] = 255, 51
    study = RoutingStudy(model)
    study.add(pair, 'edge', 'all')
    follows = study.pairs[0].row
    assert follows['visible'] == pytest.approx(0.5) and follows['infrared'] == pytest.approx(0.2)
    assert follows['visible entropy'] == pytest.approx(1) and follows['infrared entropy'] == 0
    assert follows['visible gradient'] == pytest.approx(2 * 4 / 50)  # both sides of one edge
    assert follows['infrared gradient'] == 0 and follows['information'] < -2
