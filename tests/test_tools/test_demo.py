"""tools/demo.py: says how long it takes, keeps to it, and says what it stopped; tools are faked."""

import subprocess
import sys
from types import SimpleNamespace

import pytest


@pytest.fixture
def demo(load_tool, tmp_path, monkeypatch):
    """The module, in a folder of its own; its trainings reach ``demo.done`` of 10 iterations."""
    module = load_tool('demo')
    module.done, module.commands, module.drawn = 10, [], []

    def run(command, cwd, timeout):
        module.commands.append(command[1:])
        if 'tools/train.py' in command:
            work = tmp_path / command[command.index('--work-dir') + 1]
            work.mkdir(parents=True)
            (work / 'last_checkpoint').write_text(f'{work}/epoch_3.pth')
        elif 'tools/test.py' in command and module.done < 10:
            raise subprocess.TimeoutExpired(command, timeout)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(module, 'ROOT', tmp_path)
    monkeypatch.setattr(module.subprocess, 'run', run)
    monkeypatch.setattr(module, 'fuse_and_draw', lambda *given: module.drawn.append(given))
    monkeypatch.setattr(
        module,
        'load_checkpoint_safely',
        lambda path: dict(
            meta=dict(iter=module.done), message_hub=dict(runtime_info=dict(max_iters=10))
        ),
    )
    return module


@pytest.mark.parametrize('done', [10, 4])
def test_time(demo, tmp_path, monkeypatch, capsys, done):
    demo.done = done
    monkeypatch.setattr(sys, 'argv', ['demo.py', '--minutes', '10'])
    demo.main()
    printed = capsys.readouterr().out
    assert printed.startswith('This takes about 10 minutes')
    _, detector, fusion, test = demo.commands
    minutes = [float(call[-1].partition('minutes=')[2]) for call in (detector, fusion)]
    assert 3 < minutes[0] < 3.5 and 7 < minutes[1] < 7.5  # a few seconds less than the shares
    judge = f'{tmp_path}/work_dirs/faster-rcnn-lite_demo/epoch_3.pth'
    assert test[-1] == f'test_evaluator.1.detector.checkpoint={judge}'
    assert demo.drawn == [(tmp_path / 'work_dirs/demo/epoch_3.pth', 4)]  # with what there is
    assert ('Stopped early, to keep to 10 minutes' in printed) == (done < 10)
    if done < 10:
        assert 'moefusion-lite_demo.py was trained for 4 of 10 iterations' in printed
        assert 'faster-rcnn-lite_demo.py was trained for 4 of 10' in printed
        assert 'the test was not finished' in printed
