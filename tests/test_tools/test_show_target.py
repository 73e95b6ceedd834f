"""tools/show_target.py: the target of each pair, by the config's loss."""

import cv2
import numpy as np
import pytest


@pytest.fixture
def folders(tmp_path):
    """Folders of two gray pairs, 20 x 30."""
    random = np.random.default_rng(0)
    for side in ('vi', 'ir'):
        (tmp_path / side).mkdir()
        for name in ('a', 'b'):
            gray = random.integers(0, 256, (20, 30, 1), dtype=np.uint8).repeat(3, 2)
            cv2.imwrite(str(tmp_path / side / f'{name}.png'), gray)
    return [str(tmp_path / side) for side in ('vi', 'ir')]


def test_the_papers_target_is_the_mean(tmp_path, folders, load_tool, capsys):
    out = tmp_path / 'out'
    main = load_tool('show_target').main
    main(['configs/moefusion-lite_roadscene.py', *folders, '--out-dir', str(out)])
    assert '2 targets written' in capsys.readouterr().out
    for name in ('a', 'b'):
        sources = [cv2.imread(f'{side}/{name}.png', 0).astype(float) for side in folders]
        found = cv2.imread(str(out / f'{name}.png'), cv2.IMREAD_UNCHANGED)
        assert found.shape == (20, 30)
        np.testing.assert_allclose(found, (sources[0] + sources[1]) / 2, atol=0.51)


def test_options_of_the_config_count(tmp_path, folders, load_tool):
    main = load_tool('show_target').main
    written = []
    for detail in (0.1, 2):
        out = tmp_path / str(detail)
        options = ['--cfg-options', f'model.fusion_loss.adaptive.detail={detail}']
        main(['configs/moefusion-lite_mixed.py', *folders, '--out-dir', str(out), *options])
        written.append(cv2.imread(str(out / 'a.png'), 0).astype(float).std())
    assert written[1] > 1.5 * written[0]


def test_sources_are_not_written_over_and_damaged_ones_left_out(
    folders, tmp_path, load_tool, capsys
):
    main, source = load_tool('show_target').main, tmp_path / 'vi/a.png'
    before = source.read_bytes()
    words = ['configs/moefusion-lite_roadscene.py', *folders, '--out-dir']
    with pytest.raises(SystemExit, match=r'a\.png is a source image: choose another'):
        main([*words, folders[0]])
    assert source.read_bytes() == before
    source.write_bytes(before[:90])
    main([*words, str(tmp_path / 'out')])
    said = capsys.readouterr()
    assert 'left out: a: ' in said.err and '1 targets written' in said.out
