"""The weights that come with the package, and descriptions of published weights."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from moefusion.weights.bundled import BUNDLED, read_description, write_description


@pytest.fixture
def published(tmp_path):
    path = tmp_path / 'small.pth'
    torch.save(dict(state_dict=dict(weight=torch.ones(2))), path)
    write_description(path, dict(type='MoEFusion'))
    return path


def test_description_comes_back(published):
    assert read_description(published) == dict(type='MoEFusion')


def test_other_weights_are_refused(published):
    torch.save(dict(state_dict=dict(weight=torch.zeros(2))), published)
    with pytest.raises(ValueError, match='small.pth is damaged or was replaced: its SHA-256'):
        read_description(published)


@pytest.mark.parametrize('text', ['{', '[]', '{"model": {}}'])
def test_a_broken_description_is_named(published, text):
    published.with_suffix('.json').write_text(text)
    with pytest.raises(ValueError, match='small.json does not describe weights'):
        read_description(published)


@pytest.mark.parametrize('suffix', ['.pth', '.json'])
def test_a_missing_file_is_named(published, suffix):
    published.with_suffix(suffix).unlink()
    with pytest.raises(FileNotFoundError, match=f'small{suffix}: the published weights'):
        read_description(published)


def test_bundled_weights_are_small_and_whole():
    assert BUNDLED.stat().st_size <= 16e6
    assert read_description()['type'] == 'MoEFusion'


@pytest.mark.parametrize('size', [(41, 57), (96, 64)])
def test_inferencer_without_arguments_fuses(size):
    from moefusion.apis import FusionInferencer

    visible = np.full((*size, 3), 90, np.uint8)
    infrared = np.full(size, 30, np.uint8)
    infrared[10:30, 10:30] = 220  # something warm, which the visible image does not show
    result = FusionInferencer(device='cpu')(visible, infrared)
    assert result.gray.shape == size and result.color.shape == (*size, 3)
    assert result.gray[15:25, 15:25].mean() > result.gray[32:, 32:].mean() + 20


def test_bundled_model_is_the_recipes(repo_root):
    """What comes with the package fuses as what its last training config makes."""
    from moefusion.apis import load_config
    from moefusion.apis.inferencer import model_that_fuses

    model = model_that_fuses(load_config(repo_root / 'configs' / 'moefusion-lite_mixed.py'))
    assert read_description() == json.loads(json.dumps(model))


def test_inferencer_takes_both_or_neither(tmp_path):
    from moefusion.apis import FusionInferencer

    for options in (dict(config='a.py'), dict(checkpoint='a.pth')):
        with pytest.raises(ValueError, match='give a config and the checkpoint'):
            FusionInferencer(device='cpu', **options)


def test_inferencer_refuses_bundled_weights_that_were_replaced(tmp_path, monkeypatch):
    from moefusion.apis import FusionInferencer, inferencer

    copy = tmp_path / BUNDLED.name
    shutil.copy(BUNDLED, copy)
    description = json.loads(BUNDLED.with_suffix('.json').read_text())
    copy.with_suffix('.json').write_text(json.dumps({**description, 'sha256': '0' * 64}))
    monkeypatch.setattr(inferencer, 'read_description', lambda: read_description(copy))
    with pytest.raises(ValueError, match='SHA-256'):
        FusionInferencer(device='cpu')


@pytest.fixture(scope='module')
def routing(shared):
    """The bundled network's routing on pairs of four cameras."""
    from moefusion.apis import FusionInferencer
    from moefusion.apis.routing import RoutingStudy
    from moefusion.files import find_pairs, read_lines, read_pair

    data = shared / 'data'
    study = RoutingStudy(FusionInferencer(device='cpu').model)
    for group, visible, infrared, names in (
        ('roadscene', data / 'roadscene/Vis', data / 'roadscene/Ir', 'test.txt'),
        ('tno', shared / 'metrics/tno/vi', shared / 'metrics/tno/ir', None),
        ('llvip', data / 'llvip_unlabelled/Vis', data / 'llvip_unlabelled/Ir', None),
        ('msrs', data / 'msrs_unlabelled/Vis', data / 'msrs_unlabelled/Ir', None),
    ):
        listed = read_lines(data / 'roadscene' / names) if names else None
        stems = None if listed is None else [Path(line).stem for line in listed]
        pairs = list(find_pairs(visible, infrared, stems)[0].items())
        for stem, files in pairs[:: max(1, len(pairs) // 6)][:6]:
            study.add(read_pair(*files), stem, group)
    study.compare()
    return study


@pytest.mark.slow
def test_every_gate_of_the_bundled_weights_chooses(routing):
    """Several sets of experts, none for nearly all pairs; zeroed gates would choose one."""
    for name, counts in routing.chosen().items():
        assert len(counts) >= 3, (name, counts)
        assert max(counts.values()) <= 0.75 * len(routing.pairs), (name, counts)


@pytest.mark.slow
def test_other_pairs_experts_are_worse(routing):
    """Swapped gates cost loss, VIF and Qabf; so do random experts and the best fixed choice."""
    own = routing.mean_loss('own')
    assert routing.mean_loss('swapped') > 1.08 * own
    assert routing.mean_loss('random') > own
    assert routing.mean_loss('fixed') > own
    for metric in ('VIF', 'Qabf'):
        assert routing.mean_score('swapped', metric) < 0.97 * routing.mean_score('own', metric)


@pytest.mark.slow
def test_bundled_weights_beside_nine_published_methods(shared):
    """TNO, which they were not trained on: the mean of each metric is third or better of ten."""
    from moefusion.apis import FusionInferencer
    from moefusion.metrics import METRIC_NAMES

    folder = shared / 'metrics' / 'tno'
    results = FusionInferencer(device='cpu')(
        folder / 'vi', folder / 'ir', metrics=True, progress=False
    )
    with (shared / 'metrics' / 'tno_peers.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert {row['image'] for row in rows} == {f'{result.name}.png' for result in results}
    places = {}
    for name in METRIC_NAMES:
        mine = np.mean([result.metrics[name] for result in results])
        others = {
            method: np.mean([float(row[name]) for row in rows if row['method'] == method])
            for method in {row['method'] for row in rows}
        }
        assert len(others) == 9
        places[name] = 1 + sum(other > mine for other in others.values())
    assert max(places.values()) <= 3, places
    assert sum(place == 1 for place in places.values()) >= 6, places
