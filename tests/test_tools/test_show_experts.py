"""tools/show_experts.py: a picture and a row of weights for each pair."""

import cv2
import numpy as np
import pandas as pd
import pytest


def test_draws_the_named_pairs(tmp_path, load_tool, capsys):
    random = np.random.default_rng(0)
    for folder in ('vi', 'ir'):
        (tmp_path / folder).mkdir()
        for name in ('a', 'b', 'c'):
            image = random.integers(0, 256, (44, 50, 3), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / folder / f'{name}.png'), image[..., :1].repeat(3, 2))
    (tmp_path / 'ir/b.png').write_bytes((tmp_path / 'ir/b.png').read_bytes()[:200])
    (tmp_path / 'names.txt').write_text('a\nb\nc\nmissing\n')
    out = tmp_path / 'out'
    main = load_tool('show_experts').main
    flags = ['--list', str(tmp_path / 'names.txt'), '--out-dir', str(out), '--device', 'cpu']
    folders = [str(tmp_path / 'vi'), str(tmp_path / 'ir')]
    with pytest.raises(SystemExit, match=r'a\.png is a source image'):
        main([*folders, '--out-dir', folders[1]])
    main([*folders, *flags])
    said = capsys.readouterr()
    assert 'missing' in said.err and 'left out: b: ' in said.err and '2 pairs drawn' in said.out
    assert sorted(path.name for path in out.iterdir()) == ['a.png', 'c.png', 'gates.csv']
    table = pd.read_csv(out / 'gates.csv')
    assert list(table.pair) == ['a', 'c'] and len(table.columns) == 1 + 3 * 4
    np.testing.assert_allclose(table.filter(like='global').sum(axis=1), 1, atol=1e-3)
