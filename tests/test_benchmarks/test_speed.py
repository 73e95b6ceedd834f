"""benchmarks/speed.py end to end on a tiny network, and its counts against hand computation."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import moefusion.plugin  # noqa: F401
from benchmarks import speed
from benchmarks.timing import time_in_turns
from moefusion.models import MoEFusion

CPU = torch.device('cpu')
TINY = dict(
    channels=4, local_hidden=2, global_widths=(8, 4, 4), local_grid=(2, 2), global_grid=(2, 2)
)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmdet')


def test_counts_of_the_papers_network_by_hand():
    parts = speed.count_parts(MoEFusion().eval(), (64, 48))
    pixels = 64 * 48
    encoder = 9 * 16 * (1 + 16 + 32 + 48)
    local_expert = 9 * (16 * 8 + 8 * 16)
    global_expert = 9 * (160 * 64 + 64 * 32 + 32 * 16 + 16)
    inputs_of_gates = 2 * 32 * 120 * 160 + 160 * 60 * 80
    expected = {
        'encoders': 2 * encoder * pixels,
        'attention merge': 9 * 2 * 2 * pixels,
        'local experts': 2 * 2 * local_expert * pixels,  # two mixtures, K = 2
        'global experts': 2 * global_expert * pixels,
        'gates': 4 * inputs_of_gates,
        'detectors: backbones, necks': 0,
    }
    assert (parts['macs'] * 1e9).to_dict() == pytest.approx(expected)
    gates = parts.loc['gates', 'parameters'] * 1e6
    assert gates == pytest.approx(2 * 4 * inputs_of_gates)  # with those of the noise
    assert parts['parameters'].sum() * 1e6 == pytest.approx(
        sum(p.numel() for p in MoEFusion().parameters())
    )


@pytest.mark.parametrize('top_k', [1, 3, 4])
def test_bare_convolutions_are_those_that_run(top_k):
    network, inputs = speed.build_fusion(dict(TINY, top_k=top_k), CPU), torch.rand(4, 1, 1, 16, 24)
    with speed.Convolutions() as bare:
        network(*inputs)
    merge, encoders = 1, 2 * 4
    assert len(bare.calls) == merge + encoders + top_k * (2 + 2 + 4)
    used = {id(args[1]) for args in bare.calls}
    expert = network.decoder.experts[network(*inputs).gatings['global'].selected[0][0]]
    assert id(expert[0].weight) in used
    again = len(bare.calls)
    bare.run_again()
    assert len(bare.calls) == again


def test_cases_take_turns():
    order = []
    times = time_in_turns({name: lambda name=name: order.append(name) for name in 'ab'}, 3)
    assert ''.join(order) == 3 * 'aaabbb'  # two calls to warm up
    assert times.shape == (3, 2) and list(times) == ['a', 'b']


def test_run_on_a_cpu(tmp_path, capsys):
    path = tmp_path / 'tiny.py'
    imports = dict(imports=['moefusion.plugin'], allow_failed_imports=False)
    Config(dict(custom_imports=imports, model=dict(type='MoEFusion', fusion=TINY))).dump(path)
    call = ['--config', str(path), '--device', 'cpu', '--size', '48', '32', '--repeats', '2']
    speed.main(call)
    text = capsys.readouterr().out
    assert 'K experts / all: ' in text and 'its convolutions alone: ' in text and 'MiB' in text
    assert 'nan' not in text
    with pytest.raises(SystemExit, match=r'error: .*none\.py'):
        speed.main(['--config', str(tmp_path / 'none.py'), '--device', 'cpu'])


def test_detectors_are_counted(lite_config):
    """A convolution of the backbone by hand: the first one, 16 of 7 x 7 x 3 at half the size."""
    parts = speed.count_parts(MoEFusion(**_without_type(lite_config)).eval(), (64, 32))
    detectors = parts.loc['detectors: backbones, necks']
    first = 2 * 16 * 3 * 7 * 7 * 32 * 16
    assert detectors['macs'] * 1e9 > first and detectors['parameters'] > 0


def _without_type(config):
    return {name: value for name, value in config.items() if name != 'type'}
