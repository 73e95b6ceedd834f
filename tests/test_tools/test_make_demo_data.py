"""tools/make_demo_data.py: arguments, messages and exit codes."""

import pytest


@pytest.fixture(scope='module')
def main(load_tool):
    return load_tool('make_demo_data').main


def test_makes_the_layout_of_m3fd(main, tmp_path, capsys):
    main(['--out-dir', str(tmp_path / 'd'), '--train', '2', '--test', '1', '--size', '80x60'])
    assert (tmp_path / 'd' / 'train.txt').read_text() == '00000\n00001\n'
    assert (tmp_path / 'd' / 'test.txt').read_text() == '00002\n'
    for folder, suffix in (('Vis', 'png'), ('Ir', 'png'), ('Annotation', 'xml')):
        names = sorted(p.name for p in (tmp_path / 'd' / folder).iterdir())
        assert names == [f'0000{i}.{suffix}' for i in range(3)]
    assert '2 pairs to train, 1 to test' in capsys.readouterr().out


def test_errors_exit_with_a_message(main, tmp_path, capsys):
    (tmp_path / 'thesis.txt').touch()
    with pytest.raises(SystemExit, match='holds something else'):
        main(['--out-dir', str(tmp_path)])
    with pytest.raises(SystemExit, match='64 x 48'):
        main(['--out-dir', str(tmp_path / 'd'), '--size', '20x20'])
    with pytest.raises(SystemExit):
        main(['--out-dir', str(tmp_path / 'd'), '--size', 'large'])
    assert 'WIDTHxHEIGHT' in capsys.readouterr().err
