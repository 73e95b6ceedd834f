"""The tools' answer to mistakes: one line for the user's, a traceback for the program's."""

import errno
import os
import subprocess
import sys

import pytest
import torch
from mmdet.registry import HOOKS, METRICS, OPTIM_WRAPPERS, TRANSFORMS
from mmengine.config import Config
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

import moefusion.plugin  # noqa: F401
from moefusion.apis.command import command, explain
from moefusion.files import PairError, read_pair
from moefusion.losses import JointLoss


def answer(call):
    """What a tool whose main makes this call says, or the exception that it lets pass."""
    with pytest.raises(BaseException) as caught:
        command(call)()
    return caught.value.code if isinstance(caught.value, SystemExit) else caught.value


class Broken(Dataset):
    """Raises its error in the worker that reads an item."""

    def __init__(self, read):
        self.read = read

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.read()


def in_a_worker(read):
    return next(iter(DataLoader(Broken(read), num_workers=1)))


def test_a_missing_file_comes_with_a_cure():
    assert answer(lambda: open('/nowhere/a.txt')) == (
        'error: /nowhere/a.txt: No such file or directory. Check the path'
    )


def test_a_full_disk_in_our_own_words():
    def full():
        raise OSError(errno.ENOSPC, 'cannot write a.png: no space left. Free some')

    assert answer(full) == 'error: cannot write a.png: no space left. Free some'


def test_errors_of_this_project_say_what_they_say():
    assert answer(lambda: read_pair('a.png', 'b.png')).startswith('error: a.png')
    diverged = answer(lambda: JointLoss()({'fusion.loss_gradient': torch.tensor(float('nan'))}))
    assert diverged.startswith('error: at iteration 0 the loss is not finite: fusion.loss_gradient')
    assert '\n' not in diverged


def test_a_class_that_is_not_registered_and_an_argument_that_it_does_not_take():
    assert 'error: Nothing is not in the mmdet::hook registry' in answer(
        lambda: HOOKS.build(dict(type='Nothing'))
    )
    text = answer(lambda: METRICS.build(dict(type='FusionMetric', regions='whole')))
    assert "unexpected keyword argument 'regions'. Check the keys" in text
    assert 'FusionMetric: region must be one of' in answer(
        lambda: METRICS.build(dict(type='FusionMetric', region='sky'))
    )


def test_arguments_that_a_class_lacks_or_asserts_to_be_others():
    text = answer(lambda: TRANSFORMS.build(dict(type='RandomCrop')))
    assert "missing 1 required positional argument: 'crop_size'. Check the keys" in text
    amp = dict(type='AmpOptimWrapper', optimizer=torch.optim.SGD([torch.zeros(1)], 0.1))
    if not torch.cuda.is_available():
        assert 'is only available' in answer(lambda: OPTIM_WRAPPERS.build(amp))
    loader = dict(batch_size=1, batchsize=2, dataset=Broken(None))
    loader['sampler'] = dict(type='DefaultSampler')
    text = answer(lambda: Runner.build_dataloader(loader))
    assert "unexpected keyword argument 'batchsize'. Check the keys" in text


def test_a_key_that_the_config_lacks():
    text = answer(lambda: Config(dict(model=dict(a=1))).model.b)
    assert text == "error: in the config: 'ConfigDict' object has no attribute 'b'"


def test_the_class_that_mmengine_puts_before_an_error_goes():
    def build():
        try:
            raise PairError('a.png: damaged. Copy it again')
        except PairError as error:
            raise type(error)(f'class `M3FDDataset` in moefusion/datasets/x.py: {error}') from error

    def outer():
        try:
            build()
        except PairError as error:
            raise type(error)(f'class `RepeatDataset` in mmengine/x.py: {error}') from error

    assert answer(outer) == 'error: a.png: damaged. Copy it again'


def test_the_import_error_under_mmengines():
    def imports():
        try:
            raise ImportError('mmcv 9 is installed; the stack needs 2. Run make setup')
        except ImportError as error:
            raise ImportError('Failed to import custom modules from x') from error

    exec_globals = {'__name__': 'moefusion.versions'}
    exec('def check():\n    raise ImportError("mmcv 9 is installed")', exec_globals)

    def ours():
        try:
            exec_globals['check']()
        except ImportError as error:
            raise ImportError('Failed to import custom modules from x') from error

    assert answer(ours) == 'error: mmcv 9 is installed'
    assert isinstance(answer(imports), ImportError)  # not of this project: keeps its traceback


def test_errors_of_a_data_loaders_worker():
    assert answer(lambda: in_a_worker(lambda: read_pair('a.png', 'b.png'))).startswith(
        'error: a.png'
    )
    text = answer(lambda: in_a_worker(lambda: open('/nowhere/a.txt')))
    assert '/nowhere/a.txt' in text and 'Traceback' not in text
    assert isinstance(answer(lambda: in_a_worker(lambda: int('x'))), ValueError)


@pytest.mark.parametrize(
    'fault, kind',
    [
        (lambda: int('x'), ValueError),
        (lambda: dict()['stem'], KeyError),
        (lambda: [].pop(), IndexError),
        (lambda: None + 1, TypeError),
        (lambda: None.stem, AttributeError),
    ],
)
def test_programming_errors_keep_their_traceback(fault, kind):
    assert type(answer(fault)) is kind


def test_ctrl_c(capsys):
    def stop():
        raise KeyboardInterrupt

    assert answer(stop) == 130
    assert capsys.readouterr().err == 'stopped\n'


def test_what_was_never_raised_is_not_explained():
    assert explain(ValueError('x')) is None


NOISE = ('OneDL', 'faster_coco_eval', 'Warning', 'pkg_resources')


@pytest.mark.slow
@pytest.mark.parametrize(
    'call',
    [
        *(
            [f'tools/{name}.py', '--help']
            for name in ('fuse', 'train', 'test', 'evaluate', 'browse_dataset', 'check_dataset')
        ),
        ['-c', 'import moefusion.plugin'],
        ['-c', 'import moefusion.plugin; from mmdet.utils import register_all_modules as r; r()'],
    ],
    ids=lambda call: call[-1] if call[0] == '-c' else call[0],
)
def test_tools_greet_with_nothing_of_others(repo_root, call):
    done = subprocess.run([sys.executable, *call], cwd=repo_root, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ''
    assert not any(word in done.stdout for word in NOISE)
    assert bool(done.stdout) == (call[0] != '-c')


@pytest.mark.slow
@pytest.mark.parametrize(
    'call, words',
    [
        (['tools/train.py', 'gone.py'], 'config gone.py: there is no such file'),
        (['tools/test.py', 'gone.py', 'a.pth'], 'config gone.py: there is no such file'),
        (['tools/check_dataset.py', 'gone.py'], 'config gone.py: there is no such file'),
        (
            ['tools/browse_dataset.py', 'gone.py', '--out-dir', 'x'],
            'config gone.py: there is no such file',
        ),
        (['tools/publish_model.py', 'gone.pth', 'x.pth'], 'gone.pth'),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_1(repo_root, call, words):
    done = subprocess.run([sys.executable, *call], cwd=repo_root, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count('\n') == 1 and done.stderr.startswith('error: ')
    assert words in done.stderr


def test_a_full_disk_under_a_file_that_the_system_does_not_name():
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    cure = 'Free space on that disk, then give the same command again'
    assert explain(error) == f'No space left on device. {cure}'
    error.filename = 'work_dirs/demo'
    assert explain(error) == f'work_dirs/demo: No space left on device. {cure}'
