"""One of two gloo ranks fails: all end with an error in a minute, and no process is left."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moefusion.synthetic import make_demo_data

IN_TIME = 60  # seconds


def processes(mark):
    """Those that were started with a variable in their environment, and what they started."""
    found = []
    for path in Path('/proc').glob('[0-9]*/environ'):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(path.parent.name)
        except OSError:  # ended, or another user's
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path('/proc/self/environ').is_file(), reason='no list of processes')
@pytest.mark.parametrize(
    'rank, way, said',
    [(1, 'not finite', 'error: at iteration 1 the loss is not finite: fusion.loss_')],
)
def test_one_rank_fails(repo_root, tmp_path, rank, way, said):
    make_demo_data(tmp_path / 'data', train=8, test=1, size=(96, 72))
    note, config, mark = tmp_path / 'note', tmp_path / 'failing.py', f'MARK={tmp_path}'
    config.write_text(
        f'_base_ = {str(repo_root / "configs/moefusion-lite_demo.py")!r}\n'
        "custom_imports = dict(imports=['moefusion.plugin', 'failing_hook'])\n"
        f'failing = dict(type="FailingHook", rank={rank}, way={way!r}, note={str(note)!r})\n'
        'custom_hooks = [failing]\n'
        'train_dataloader = dict(\n'
        f'    dataset=dict(dataset=dict(data_root={str(tmp_path / "data")!r})))\n'
        'val_cfg = val_dataloader = val_evaluator = None\n'
        'test_cfg = test_dataloader = test_evaluator = None\n'
    )
    kept = {name: text for name, text in os.environ.items() if name not in ('RANK', 'WORLD_SIZE')}
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get('PYTHONPATH', '')])
    done = subprocess.run(
        ['tools/dist_train.sh', str(config), '2', '--work-dir', str(tmp_path / 'work')],
        cwd=repo_root,
        env=kept
        | dict(
            MARK=str(tmp_path),
            PYTHON=sys.executable,
            PYTHONPATH=paths,
            OMP_NUM_THREADS='1',
            CUDA_VISIBLE_DEVICES='',
        ),
        capture_output=True,
        text=True,
        timeout=600,
    )
    end = float(note.read_text()) + IN_TIME
    print(f'{way} on rank {rank}: over after {time.time() - end + IN_TIME:.1f} s')
    assert time.time() < end
    assert done.returncode and said in done.stderr, done.stderr[-3000:]
    while processes(mark) and time.time() < end:
        time.sleep(0.5)
    assert not processes(mark)
