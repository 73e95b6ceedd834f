"""tools/evaluate.py after an earlier run, an interruption and a kill."""

import itertools
import multiprocessing
import os
import signal

import cv2
import numpy as np
import pytest

from moefusion.commands import evaluate as command


def results(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != '.jsonl'}


def test_a_second_run_scores_what_is_new(evaluate, folders, scored):
    evaluate()
    first = results(folders / 'out')
    assert scored == ['one', 'three', 'two']
    assert '3 of 3 images were scored by an earlier run' in evaluate()
    assert len(scored) == 3 and results(folders / 'out') == first
    cv2.imwrite(str(folders / 'y' / 'two.png'), np.full((48, 60), 9, np.uint8))
    evaluate()
    assert scored[3:] == ['two'] and results(folders / 'out') != first
    evaluate('--protocol', 'standard')
    assert len(scored) == 7
    evaluate(methods=['x'])
    assert len(scored) == 10


def test_ctrl_c_keeps_what_is_scored(evaluate, folders, scored, monkeypatch, capsys):
    def interrupted(items, total):
        yield from itertools.islice(items, 2)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command, 'show_progress', interrupted)
        with pytest.raises(SystemExit) as stop:
            evaluate()
    assert stop.value.code == 130 and 'the same command goes on' in capsys.readouterr().err
    evaluate()
    assert scored == ['one', 'three', 'two']
    stopped = results(folders / 'out')
    (folders / 'out' / 'scored.jsonl').unlink()
    evaluate()
    assert results(folders / 'out') == stopped


def test_kill_keeps_what_is_scored(evaluate, folders, scored, monkeypatch):
    def killed(items, total):
        yield from itertools.islice(items, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(command, 'show_progress', killed)
        child = multiprocessing.get_context('fork').Process(target=evaluate)
        child.start()
        child.join(900)
    assert child.exitcode == -signal.SIGKILL
    assert len((folders / 'out' / 'scored.jsonl').read_text().splitlines()) == 1
    assert '1 of 3 images were scored by an earlier run' in evaluate()
    assert len(scored) == 2  # of this process
    went_on = results(folders / 'out')
    (folders / 'out' / 'scored.jsonl').unlink()
    evaluate()
    assert results(folders / 'out') == went_on
