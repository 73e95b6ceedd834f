"""The weights that come with the package, and descriptions of published weights."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from moefusion.image import RGB_TO_GRAY
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
    from mmengine.config import Config

    from moefusion.apis import load_config
    from moefusion.apis.inferencer import model_that_fuses

    model = model_that_fuses(load_config(repo_root / 'configs' / 'moefusion-lite_mixed.py'))
    described = model_that_fuses(Config(dict(model=read_description())))
    assert described == json.loads(json.dumps(model))


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


def four_cameras(shared, number):
    """Up to ``number`` pairs of each of four cameras, none trained on: group to files.

    Of LLVIP and MSRS those that ``configs/moefusion-lite_mixed.py`` leaves out.
    """
    from moefusion.files import find_pairs, read_lines

    data, tno = shared / 'data', shared / 'metrics' / 'tno'
    test = [Path(line).stem for line in read_lines(data / 'roadscene' / 'test.txt')]
    folders = dict(
        roadscene=(data / 'roadscene' / 'Vis', data / 'roadscene' / 'Ir', test),
        tno=(tno / 'vi', tno / 'ir', None),
        llvip=(data / 'llvip_unlabelled' / 'Vis', data / 'llvip_unlabelled' / 'Ir', None),
        msrs=(data / 'msrs_unlabelled' / 'Vis', data / 'msrs_unlabelled' / 'Ir', None),
    )
    trained = dict(llvip=256, msrs=160)
    for group, sources in folders.items():
        pairs = list(find_pairs(*sources)[0].values())[trained.get(group, 0) :]
        yield group, pairs[:: max(1, len(pairs) // number)][:number]


@pytest.fixture(scope='module')
def routing(shared):
    """The bundled network's routing on pairs of four cameras that were not trained on."""
    from moefusion.apis import FusionInferencer
    from moefusion.apis.routing import RoutingStudy
    from moefusion.files import read_pair

    study = RoutingStudy(FusionInferencer(device='cpu').model)
    for group, pairs in four_cameras(shared, 10):
        for files in pairs:
            study.add(read_pair(*files), files[0].stem, group)
    study.compare()
    return study


@pytest.mark.slow
def test_every_gate_of_the_bundled_weights_chooses(routing):
    """Several sets of experts, none for nearly all pairs; zeroed gates would choose one."""
    table = routing.table()
    for name in routing.sets:
        shares = table[name].value_counts(normalize=True)
        assert len(shares) >= 3 and shares.max() <= 0.7, (name, shares)


@pytest.mark.slow
def test_other_pairs_experts_are_worse(routing):
    """Swapped gates cost loss, VIF and Qabf; random experts and the best fixed choice cost loss."""
    means = routing.table().mean(numeric_only=True)
    assert means['loss swapped'] > 1.3 * means['loss own']
    for name in routing.sets:  # each gate for itself, the local ones too
        assert means[f'loss swapped {name}'] > 1.15 * means['loss own'], name
    assert min(means['loss random'], means['loss fixed']) > means['loss own']
    for metric in ('VIF', 'Qabf'):
        assert means[f'{metric} swapped'] < 0.97 * means[f'{metric} own']


@pytest.mark.slow
def test_never_flatter_than_the_mean_and_both_sides_survive(shared):
    """EN, SD and the VIF with either source alone: above the plain mean's on every camera."""
    from moefusion.apis import FusionInferencer
    from moefusion.metrics import fusion_metrics, one_sided_metrics

    fuse = FusionInferencer(device='cpu')
    for group, pairs in four_cameras(shared, 5):
        scores = {'fused': [], 'mean': []}
        for files in pairs:
            result = fuse(*files)
            mean = result.visible.astype(float) @ RGB_TO_GRAY + result.infrared
            images = dict(fused=result.gray, mean=(mean / 2).round().astype(np.uint8))
            for name, image in images.items():
                both = fusion_metrics(result.visible, result.infrared, image)
                sides = one_sided_metrics(result.visible, result.infrared, image)
                scores[name].append(
                    [both['EN'], both['SD'], sides['VIF visible'], sides['VIF infrared']]
                )
        fused, mean = (np.mean(rows, axis=0) for rows in scores.values())
        assert (fused > mean).all(), (group, fused, mean)
