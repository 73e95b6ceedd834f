"""Checkpoints are data: they load without running code, whole or not at all."""

import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from moefusion.weights.checkpoint import load_checkpoint_safely, load_weights, trained_classes

# Damaged and foreign pickles claim to be of all kinds of protocols.
pytestmark = pytest.mark.filterwarnings('ignore:Detected pickle protocol')


class Intruder:
    """Pickles as a call that makes a file."""

    def __init__(self, call, *args):
        self.call, self.args = call, args

    def __reduce__(self):
        return self.call, self.args


def network(width=3):
    return nn.Sequential(OrderedDict(encoder=nn.Linear(2, width), decoder=nn.Linear(width, 1)))


def state_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'weights.pth'


@pytest.mark.parametrize(
    'wrap',
    [
        lambda state: state,
        lambda state: dict(state_dict=state, meta=dict(epoch=3)),
        lambda state: {f'module.{name}': value for name, value in state.items()},
    ],
)
@pytest.mark.parametrize('zipped', [True, False])
def test_loads_weights(path, wrap, zipped):
    source, target = network(), network()
    torch.save(wrap(source.state_dict()), path, _use_new_zipfile_serialization=zipped)
    load_weights(target, path)
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value)


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize(
    'place',
    [
        lambda intruder, state: dict(state_dict=state, meta=intruder),
        lambda intruder, state: dict(state, extra=intruder),
        lambda intruder, state: intruder,
    ],
)
def test_runs_no_code(path, tmp_path, zipped, place):
    marker, model = tmp_path / 'made-by-the-checkpoint', network()
    for intruder in (
        Intruder(os.mkdir, str(marker)),
        Intruder(eval, f'open({str(marker)!r}, "w")'),
        Intruder(getattr, Intruder(__import__, 'os'), 'getcwd'),
        Intruder(np.save, str(marker), [1]),
    ):
        torch.save(place(intruder, model.state_dict()), path, _use_new_zipfile_serialization=zipped)
        with pytest.raises(
            ValueError,
            match=r'weights.pth holds more than weights and plain '
            r'data \(.*\), and loading that could run code',
        ):
            load_weights(model, path)
        assert os.listdir(tmp_path) == ['weights.pth']


def test_the_intruder_would_succeed_with_plain_pickle(tmp_path):
    """Else the test above could not fail."""
    pickle.loads(pickle.dumps(Intruder(os.mkdir, str(tmp_path / 'made'))))
    assert (tmp_path / 'made').is_dir()


def test_a_log_history_cannot_do_anything(path):
    """getattr is there by name only: on any object it gives back the name."""
    torch.save(dict(state_dict={}, meta=Intruder(getattr, 'text', 'upper')), path)
    assert load_checkpoint_safely(path)['meta'] == 'upper'


@pytest.mark.parametrize('module', ['numpy.core.multiarray', 'numpy._core.multiarray'])
def test_arrays_of_either_numpy(path, module, tmp_path):
    """NumPy 1 and 2 name the module of their functions differently in a pickle."""
    torch.save(
        dict(
            state_dict={},
            history=np.array([1.0, 2.0]),
            best=np.float64(0.5),
            steps=np.array([3, 4]),
        ),
        path,
    )
    rewritten = tmp_path / 'rewritten.pth'
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(rewritten, 'w') as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith('data.pkl'):
                mine = np.array(0).__reduce__()[0].__module__.encode()
                assert b'c' + mine in data
                data = data.replace(b'c' + mine, b'c' + module.encode())
            new.writestr(name, data)
    loaded = load_checkpoint_safely(rewritten)
    assert loaded['history'].tolist() == [1, 2] and loaded['steps'].tolist() == [3, 4]
    assert loaded['best'] == 0.5


def other_architecture(path):
    other = nn.Sequential(OrderedDict(encoder=nn.Linear(2, 5), head=nn.Linear(5, 1)))
    torch.save(dict(state_dict=other.state_dict()), path)


def test_another_architecture_is_named_and_changes_nothing(path):
    other_architecture(path)
    model = network()
    before = state_of(model)
    with pytest.raises(ValueError) as error:
        load_weights(model, path)
    message = str(error.value)
    assert 'weights.pth is of another architecture than the config' in message
    assert '2 missing, such as decoder.weight' in message
    assert '2 unknown, such as head.weight' in message
    assert (
        '2 of another shape, such as encoder.weight ((5, 2) in the file, (3, 2) in the model)'
    ) in message
    assert 'use the config that it was trained with' in message
    for name, value in model.state_dict().items():
        assert torch.equal(before[name], value)


def test_parts_that_the_model_may_lack(path):
    source = nn.Sequential(OrderedDict(encoder=nn.Linear(2, 3), scorer=nn.Linear(3, 1)))
    torch.save(source.state_dict(), path)
    model = nn.Sequential(OrderedDict(encoder=nn.Linear(2, 3)))
    with pytest.raises(ValueError, match='2 unknown, such as scorer.weight'):
        load_weights(model, path)
    load_weights(model, path, optional=('scorer.',))
    assert torch.equal(model.encoder.weight, source.encoder.weight)


@pytest.mark.parametrize('keep', [0, 10, 200, -40])
def test_truncated_file(path, keep):
    model = network()
    torch.save(dict(state_dict=model.state_dict()), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match='weights.pth is damaged or not a PyTorch file'):
        load_weights(model, path)


@pytest.mark.parametrize(
    'content',
    [
        b'hello world',
        b'\x80\x02}q\x00.',
        pickle.dumps([1, 2]),
        pickle.dumps({'a': 1}),
        bytes(500),
        b'<!DOCTYPE html><html></html>',
    ],
)
def test_other_files(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match='weights.pth'):
        load_weights(network(), path)


@pytest.mark.parametrize(
    'content', [[1, 2], torch.zeros(3), dict(state_dict=5), dict(epoch=1), {1: torch.zeros(1)}]
)
def test_files_without_weights(path, content):
    torch.save(content, path)
    with pytest.raises(ValueError, match='weights.pth has no state_dict with weights by name'):
        load_weights(network(), path)


def test_damaged_bytes_within_the_pickle(path):
    """Whatever a broken pickle raises inside PyTorch, the error names the file."""
    model = network()
    torch.save(dict(state_dict=model.state_dict()), path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    (name,) = (name for name in parts if name.endswith('data.pkl'))
    random = np.random.default_rng(0)
    failed = 0
    for _ in range(100):
        damaged = bytearray(parts[name])
        damaged[random.integers(len(damaged))] = random.integers(256)
        with zipfile.ZipFile(path, 'w') as file:
            for part, data in parts.items():
                file.writestr(part, bytes(damaged) if part == name else data)
        try:
            load_weights(model, path)
        except ValueError as error:
            assert 'weights.pth' in str(error)
            failed += 1
    assert failed > 50


def test_no_file(path, tmp_path):
    for missing in (path, tmp_path):  # a folder is none
        with pytest.raises(FileNotFoundError, match=f'{missing}: there is no such file'):
            load_weights(network(), missing)


def test_needs_no_mm_stack(path):
    """Importing it pulls in PyTorch and NumPy alone."""
    import subprocess
    import sys

    code = (
        'import sys, moefusion.weights.checkpoint; '
        'print([m for m in sys.modules if m.split(".")[0] in ("mmengine", "mmcv", "mmdet")])'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'


@pytest.mark.parametrize('meta', [dict(), dict(dataset_meta=None), dict(dataset_meta=dict())])
def test_classes_of_the_training(meta):
    assert trained_classes(dict(state_dict={})) == trained_classes(dict(meta=meta)) == ()
    noted = dict(dataset_meta=dict(classes=['car', 'bus']))
    assert trained_classes(dict(meta=meta | noted)) == ('car', 'bus')
