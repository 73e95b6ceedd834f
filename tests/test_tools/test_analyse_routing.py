"""tools/analyse_routing.py: the report, the table of pairs, and who chose which expert."""

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
import torch


@pytest.fixture(scope='module')
def tool(load_tool):
    return load_tool('analyse_routing')


def test_writes_what_it_says(tool, tmp_path, capsys):
    random = np.random.default_rng(0)
    for folder in ('vi', 'ir'):
        (tmp_path / folder).mkdir()
        for name in ('a', 'b', 'c'):
            image = random.integers(0, 256, (44, 50), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / folder / f'{name}.png'), image)
    (tmp_path / 'ir/c.png').rename(tmp_path / 'ir/d.png')
    data = f'noise={tmp_path / "vi"},{tmp_path / "ir"}'
    flags = ['--number', '2', '--device', 'cpu', '--out-dir', str(tmp_path / 'out')]
    tool.main(['--data', data, data.replace('noise', 'same'), *flags])
    said, warned = capsys.readouterr()
    assert 'not in noise: c: ' in warned and 'not in same: d: ' in warned
    assert '4 pairs. Fusion loss with the own experts' in said and 'infrared entropy' in said
    assert 'of the pairs (by chance 50%): noise ' in said
    gates = ['global', 'local_background', 'local_foreground']
    files = sorted(path.name for path in (tmp_path / 'out').iterdir())
    assert files == sorted(['routing.csv', *(f'{name}.png' for name in gates)])
    table = pd.read_csv(tmp_path / 'out/routing.csv')
    assert list(table.pair) == [*'abab'] and table['visible entropy'].between(7, 8).all()
    for name in gates:
        np.testing.assert_allclose(table.filter(regex=rf'^{name} \d').sum(axis=1), 1, atol=1e-3)


def test_sets_of_one_name_and_without_a_pair_are_refused(tool, tmp_path, capsys):
    for folder, name in (('vi', 'a'), ('ir', 'b')):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / f'{name}.png'), np.zeros((44, 50), np.uint8))
    data = f'noise={tmp_path / "vi"},{tmp_path / "ir"}'
    with pytest.raises(SystemExit, match='error: noise: no pair in '):
        tool.main(['--data', data, '--device', 'cpu'])
    with pytest.raises(SystemExit):
        tool.main(['--data', data, data])
    assert 'two sets have one name' in capsys.readouterr().err


def test_sixteen_bits_take_a_range_for_each_set(tool, tmp_path, capsys):
    random = np.random.default_rng(0)
    for folder, low in (('one', 5000), ('two', 20000)):
        (tmp_path / folder / 'ir').mkdir(parents=True)
        (tmp_path / folder / 'vi').mkdir()
        for name in ('a', 'b'):
            image = random.integers(0, 256, (44, 50), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / folder / f'vi/{name}.png'), image)
            heat = image.astype(np.uint16) * 10 + low
            cv2.imwrite(str(tmp_path / folder / f'ir/{name}.png'), heat)
    words = [
        '--data',
        *(f'{s}={tmp_path / s / "vi"},{tmp_path / s / "ir"}' for s in ('one', 'two')),
    ]
    words += ['--device', 'cpu', '--infrared-range', 'auto']
    with pytest.raises(SystemExit):
        tool.main(words)
    assert 'auto needs --out-dir' in capsys.readouterr().err
    study = tool.analyse(tool.parse_args([*words, '--out-dir', str(tmp_path / 'out')]))
    heats = [pair.sources[1].double().numpy() for pair in study.pairs]
    assert len(heats) == 4
    for heat in heats:  # one range for both sets would leave each a part of the levels
        assert heat.min() < 0.05 and heat.max() > 0.95
    for folder, low in (('one', 5000), ('two', 20000)):
        text = (tmp_path / 'out' / folder / 'infrared_range.json').read_text()
        found = json.loads(text)['infrared_range']
        np.testing.assert_allclose(found, [low, low + 2550], atol=60)


def test_pairs_are_sorted_by_weight(tool):
    """Brighter pairs weigh more here; expert 1, which none chose, has no row."""
    pairs, rows = [], []
    for weight in (0.3, 0.9, 0.6):
        pairs.append(SimpleNamespace(sources=[torch.full((1, 1, 12, 16), weight)] * 2))
        chosen = {'gate 0': weight, 'gate 1': 0.0, 'gate 2': 1 - weight, 'gate logit 1': 5.0}
        rows.append({'data': 'made', 'pair': str(weight), **chosen})
    study = SimpleNamespace(pairs=pairs, table=lambda: pd.DataFrame(rows))
    picture = tool.draw_gate(study, 'gate', columns=2)
    high, wide = picture.shape[0] // 2, picture.shape[1] // 2
    levels = [
        int(np.median(picture[rows, columns]))
        for rows in (slice(20, high - 40), slice(high + 20, -40))
        for columns in (slice(40, wide - 20), slice(wide + 40, -20))
    ]
    assert levels == [round(255 * weight) for weight in (0.9, 0.6, 0.3, 0.6)]
