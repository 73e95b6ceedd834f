"""tools/show_load.py: a picture of a run's log."""

import json

import cv2
import pytest


def test_writes_the_picture(tmp_path, load_tool, capsys):
    main = load_tool('show_load').main
    log, out = tmp_path / 'run/20260101/vis_data/scalars.json', tmp_path / 'out/load.png'
    with pytest.raises(SystemExit, match='which training writes'):
        main([str(tmp_path / 'run'), '--out', str(out)])
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({'gates.global': 0.4, 'gates.global_spread': 2.0, 'step': 50}))
    main([str(tmp_path / 'run'), '--out', str(out)])
    assert cv2.imread(str(out)).std() > 5 and 'load.png' in capsys.readouterr().out
