"""benchmarks/speed.py end to end on a tiny network, and its counts against hand computation."""

import importlib.util
import json

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import moefusion.plugin  # noqa: F401
from benchmarks.complexity import count_parts
from benchmarks.fusion_time import build_fusion, convolutions_that_run, random_inputs
from benchmarks.inference import time_inference
from benchmarks.timing import Timings, time_interleaved
from benchmarks.training import time_data, time_training, without_pretrained
from moefusion.models import MoEFusion

CPU = torch.device('cpu')
TINY = dict(
    channels=4, local_hidden=2, global_widths=(8, 4, 4), local_grid=(2, 2), global_grid=(2, 2)
)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmdet')


@pytest.fixture
def tiny_config(tmp_path):
    path = tmp_path / 'tiny.py'
    Config(
        dict(
            custom_imports=dict(imports=['moefusion.plugin'], allow_failed_imports=False),
            default_scope='mmdet',
            model=dict(type='MoEFusion', fusion=TINY),
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4)),
        )
    ).dump(path)
    return path


def test_counts_of_the_papers_network_by_hand():
    parts = count_parts(MoEFusion().eval(), (64, 48))
    pixels = 64 * 48
    encoder = 9 * 16 * (1 + 16 + 32 + 48)
    local_expert = 9 * (16 * 8 + 8 * 16)
    global_expert = 9 * (160 * 64 + 64 * 32 + 32 * 16 + 16)
    inputs_of_gates = 2 * 32 * 120 * 160 + 160 * 60 * 80
    assert {name: part['macs'] for name, part in parts.items()} == {
        'encoders': 2 * encoder * pixels,
        'attention merge': 9 * 2 * 2 * pixels,
        'local experts': 2 * 2 * local_expert * pixels,  # two mixtures, K = 2
        'global experts': 2 * global_expert * pixels,
        'gates': 4 * inputs_of_gates,
    }
    assert parts['gates']['parameters'] == 2 * 4 * inputs_of_gates  # with those of the noise
    assert sum(part['parameters'] for part in parts.values()) == sum(
        p.numel() for p in MoEFusion().parameters()
    )


@pytest.mark.parametrize('top_k', [1, 3, 4])
def test_bare_convolutions_are_those_of_the_experts_that_run(top_k):
    network = build_fusion(dict(TINY, top_k=top_k), CPU)
    calls = []
    for mixture in (*network.local.values(), network.decoder):
        for module in mixture.experts.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.register_forward_hook(lambda module, *_: calls.append(module))
    inputs = random_inputs((24, 16), CPU)
    found = convolutions_that_run(network, inputs)
    assert found['experts'] == sorted(calls, key=found['experts'].index)
    assert len(found['experts']) == top_k * (2 + 2 + 4)
    assert len(found['others']) == 2 * 4 + 1


def test_cases_take_turns():
    order = []
    times = time_interleaved({name: lambda name=name: order.append(name) for name in 'ab'}, 3, CPU)
    assert ''.join(order) == 'ab' + 'ababab'  # a call of each to warm up
    assert [len(values) for values in times.seconds.values()] == [3, 3]


def test_a_ratio_compares_within_a_round():
    times = Timings(dict(a=[2, 20, 9], b=[1, 10, 3]))  # the machine slowed down in round two
    assert times.ratio('a', 'b') == 2 and times.median('a') == 9


def test_no_weights_are_fetched():
    part = dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'), depth=50)
    config = dict(visible_detector=dict(backbone=part), head=dict(init_cfg=dict(type='Normal')))
    cleaned = without_pretrained(config)
    assert cleaned.visible_detector.backbone.to_dict() == dict(init_cfg=None, depth=50)
    assert cleaned['head'].init_cfg.type == 'Normal'
    assert part['init_cfg']['type'] == 'Pretrained'


def test_run_on_a_cpu(repo_root, tiny_config, tmp_path, capsys):
    spec = importlib.util.spec_from_file_location(
        'benchmark_tool', repo_root / 'benchmarks' / 'speed.py'
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    target = tmp_path / 'figures.json'
    tool.main(
        [
            '--config',
            str(tiny_config),
            '--device',
            'cpu',
            '--size',
            '48x32',
            '--repeats',
            '2',
            '--json',
            str(target),
        ]
    )
    text, figures = capsys.readouterr().out, json.loads(target.read_text())
    assert 'K = 2 / K = 4' in text and 'goal: 1.15' in text
    assert all(value > 0 for value in figures['fusion network, ms']['ratios'].values())
    assert all(value >= 0 for value in figures['peak memory, MiB'].values())
    assert figures['parts']['encoders']['macs'] == 2 * 9 * 4 * (1 + 4 + 8 + 12) * 48 * 32
    with pytest.raises(SystemExit, match='error: .*none.py'):
        tool.main(['--config', str(tmp_path / 'none.py'), '--device', 'cpu'])


def test_time_of_the_detectors_is_part_of_the_whole(repo_root):
    from moefusion.apis import load_config

    cfg = load_config(repo_root / 'configs' / 'moefusion-lite_demo.py')
    times = time_inference(cfg, (160, 128), 2, CPU)
    detectors = times.median('detectors, float32 channels-last')
    assert 0 < detectors < times.median('float32 channels-last')


def test_training_step_runs(tiny_config):
    result = time_training(Config.fromfile(tiny_config), 2, (48, 32), 1, CPU)
    assert result['images'] == pytest.approx(2 / result['seconds'])


@pytest.mark.slow
def test_share_of_waiting_for_data(repo_root, tmp_path):
    """A pipeline that sleeps shows up as waiting, and one that does not, does not."""
    from moefusion.apis import load_config
    from moefusion.synthetic.writer import make_demo_data

    make_demo_data(tmp_path / 'demo', 8, 1, (64, 48))
    shares = {}
    for seconds in (0, 0.5):
        cfg = load_config(repo_root / 'configs' / 'moefusion-lite_demo.py')
        cfg.model = dict(type='MoEFusion', fusion=TINY)
        dataset = cfg.train_dataloader.dataset.dataset
        dataset.data_root = str(tmp_path / 'demo')
        dataset.pipeline.append(dict(type='Sleep', seconds=seconds))
        cfg.train_dataloader.update(num_workers=0, persistent_workers=False, batch_size=2)
        shares[seconds] = time_data(cfg, 2, skip=1)['share']
    assert shares[0.5] > 0.5 > shares[0]


def _register_sleep():
    import time

    from mmdet.registry import TRANSFORMS

    @TRANSFORMS.register_module(force=True)
    class Sleep:
        def __init__(self, seconds):
            self.seconds = seconds

        def __call__(self, results):
            time.sleep(self.seconds)
            return results


_register_sleep()
