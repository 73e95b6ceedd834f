"""Ablation configs: each changes one thing, trains a step and tests; and tools/ablate.py."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch

from config_files import CONFIGS, read

ABLATIONS = CONFIGS / 'ablations'
NAMES = sorted(path.name for path in ABLATIONS.glob('*.py'))
BASES = dict(paper='moefusion_m3fd.py', lite='moefusion-lite_mixed.py')
CHANGED = dict(
    table2='model.fusion.',
    experts='model.fusion.',
    alpha='default_hooks.joint_loss.weights.fusion.loss_gradient',
    own='model.fusion',
    cameras='train_dataloader.',  # its data sets and how many of a batch each gives
)


@pytest.fixture(scope='module')
def bases():
    return {network: read(name).to_dict() for network, name in BASES.items()}


def differences(one, other, key=''):
    """Keys at which two nested dicts differ, the outermost where one lacks it."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return [] if one == other else [key[1:]]
    return [
        found
        for name in {**one, **other}
        for found in (
            differences(one[name], other[name], f'{key}.{name}')
            if name in one and name in other
            else [f'{key}.{name}'[1:]]
        )
    ]


def small_model(config):
    """The config's fusion network alone, with small gates: its detectors are its base's."""
    from mmdet.registry import MODELS

    from moefusion.losses import JointLoss

    config.model.visible_detector = config.model.infrared_detector = None
    config.model.fusion.update(local_grid=(4, 4), global_grid=(2, 2))
    model = MODELS.build(config.model)
    model.join_losses = JointLoss(config.default_hooks.joint_loss.weights)
    return model


@pytest.mark.parametrize('name', NAMES)
def test_one_thing_is_changed_and_trains_and_tests(name, bases, make_pair):
    from mmengine.optim import build_optim_wrapper

    from moefusion.evaluation.fusion_metric import FusionMetric

    config, family = read(ABLATIONS / name), name.split('_')[0]
    network, _, kind = family.partition('-')
    changed = differences(bases[network], config.to_dict())
    assert len(changed) == (2 if kind == 'cameras' else 1)
    assert all(key.startswith(CHANGED[kind]) for key in changed)

    model = small_model(config)
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    pairs, samples = zip(*(make_pair(42, 44, boxes=[[4, 4, 20, 30]]) for _ in range(2)))
    batch = dict(inputs=list(pairs), data_samples=[sample.clone() for sample in samples])
    before = [parameter.clone() for parameter in model.fusion.decoder.experts.parameters()]
    assert model.train_step(batch, wrapper)['loss'].isfinite()
    after = model.fusion.decoder.experts.parameters()
    assert any(not torch.equal(one, two) for one, two in zip(before, after))

    batch = dict(inputs=list(pairs), data_samples=list(samples))
    with torch.no_grad():
        found = model.eval().test_step(batch)
    metric = FusionMetric()
    metric.process(batch, [sample.to_dict() for sample in found])
    assert metric.compute_metrics(metric.results)['EN'] > 0


@pytest.mark.slow
@pytest.mark.parametrize('name', ['lite-table2_without-mole.py', 'paper-table2_att-local.py'])
def test_with_detectors(name, make_pair):
    """Also where nothing asks for the detectors' maps."""
    from mmdet.registry import MODELS

    config = read(ABLATIONS / name)
    config.model.fusion.update(local_grid=(4, 4), global_grid=(2, 2))
    model = MODELS.build(config.model)
    pair, sample = make_pair(64, 96, boxes=[[4, 4, 40, 50]])
    losses = model(
        **model.data_preprocessor(dict(inputs=[pair], data_samples=[sample])), mode='loss'
    )
    loss, log = model.parse_losses(losses)
    loss.backward()
    assert loss.isfinite() and log['loss_visible'] > 0


def test_no_two_configs_repeat_ten_lines():
    seen = Counter()
    for path in CONFIGS.rglob('*.py'):
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        seen.update({tuple(lines[start : start + 10]) for start in range(len(lines) - 9)})
    assert [lines for lines, count in seen.items() if count > 1] == []


def test_both_networks_have_the_same_ablations():
    """But for what the base of the other has or lacks, such as alpha = 10 or dense features."""
    rows = {net: {n.partition('-')[2] for n in NAMES if n.startswith(net)} for net in BASES}
    cameras = {f'cameras_without-{name}.py' for name in ('roadscene', 'llvip', 'msrs')}
    assert rows['lite'] ^ rows['paper'] == {
        'alpha_10.py',
        'own_adaptive.py',
        'own_attention-conv.py',
        'own_attention-max.py',
        'own_dense.py',
        'own_no-dense.py',
        *cameras,
    }
    assert len(rows['lite']) == 23


@pytest.fixture
def tool(load_tool):
    return load_tool('ablate')


def values(number):
    from moefusion.metrics import METRIC_NAMES

    return {f'fusion/{name}': number + place for place, name in enumerate(METRIC_NAMES)}


@pytest.fixture
def calls(tool, monkeypatch):
    """What the tool would run; a training leaves a checkpoint, a test its result."""
    made = []

    def call(folder, name, *words):
        made.append((folder.parent.name, folder.name, name))
        if name == 'train.py':
            if 'att-local' in str(folder) and 'fail=1' in words:
                raise ChildProcessError('train.py failed')
            folder.mkdir(parents=True)
            (folder / 'last_checkpoint').write_text('iter_1.pth')
        else:
            (folder / 'test/now').mkdir(parents=True)
            result = values(len(made)) | {'time': 1.0}
            (folder / 'test/now/now.json').write_text(json.dumps(result))

    monkeypatch.setattr(tool, 'call', call)
    return made


def test_the_tool_runs_what_has_no_result_and_reports(tool, calls, tmp_path, capsys):
    argv = ['lite-table2', '--seeds', '0', '1', '--work-dir', str(tmp_path)]
    assert tool.main(argv) == 0
    assert len(calls) == 2 * 4 * 2  # trained and tested, base and three ablations, two seeds
    table = capsys.readouterr().out
    assert '| moefusion-lite_mixed | 2 |' in table and '| without-mole | 2 |' in table
    folder = tmp_path / 'moefusion-lite_mixed'
    assert (folder / 'lite-table2.csv').read_text().count('\n') == 9
    assert (folder / 'lite-table2.png').is_file()
    calls.clear()
    assert tool.main(['lite-table2', '--seeds', '0', '2', '--work-dir', str(tmp_path)]) == 0
    assert {seed for _, seed, _ in calls} == {'seed_2'}  # the others have their results
    calls.clear()
    assert tool.main(['lite-own', '--work-dir', str(tmp_path)]) == 0
    assert 'moefusion-lite_mixed' not in {config for config, *_ in calls}  # the base's are shared


def test_results_of_other_options_are_not_taken_up(tool, calls, tmp_path):
    argv = ['lite-table2', '--work-dir', str(tmp_path), '--cfg-options', 'train_cfg.max_iters=9']
    assert tool.main(argv) == 0
    calls.clear()
    with pytest.raises(SystemExit, match=r'was trained with --cfg-options train_cfg\.max_iters=9'):
        tool.main([*argv[:-1], 'train_cfg.max_iters=9000'])
    assert tool.main(argv) == 0 and not calls


def test_a_copied_folder_is_tested_by_its_own_checkpoint(tool, monkeypatch, tmp_path):
    """As after a training that was not yet tested: the note names the original."""
    tested = []
    (tmp_path / 'copy/seed_0').mkdir(parents=True)
    (tmp_path / 'copy/seed_0/last_checkpoint').write_text('/original/seed_0/iter_1.pth')
    (tmp_path / 'copy/seed_0/iter_1.pth').touch()

    def call(folder, name, *words):
        tested.append(words[1])
        (folder / 'test/now').mkdir(parents=True, exist_ok=True)
        (folder / 'test/now/now.json').write_text(json.dumps(values(1)))

    monkeypatch.setattr(tool, 'call', call)
    tool.run(tmp_path / 'copy/config.py', 0, [])
    assert tested[1] == str(tmp_path / 'copy/seed_0/iter_1.pth')


def test_the_tool_goes_on_without_a_failed_training(tool, calls, tmp_path, capsys):
    argv = ['paper-table2', '--work-dir', str(tmp_path), '--cfg-options', 'fail=1']
    assert tool.main(argv) == 1
    said = capsys.readouterr()
    assert 'train.py failed' in said.err and 'att-local' not in said.out
    assert '| without-moge | 1 |' in said.out


def test_the_tool_ablates_another_base(tool, tmp_path):
    base = CONFIGS / 'moefusion_flir.py'
    _, configs = tool.write_configs('paper-experts', base, tmp_path)
    assert list(configs) == ['moefusion_flir', 'e2k2', 'e4k1', 'e4k3', 'e4k4', 'e6k2', 'e8k2']
    config = read(configs['e6k2'])
    assert config.model.fusion.num_experts == 6
    assert config.test_dataloader.dataset.type == 'FLIRAlignedDataset'
    assert [metric.type for metric in config.test_evaluator] == ['FusionMetric']
    with pytest.raises(FileNotFoundError, match='nowhere.py: there is no such config'):
        tool.write_configs('paper-experts', Path('nowhere.py'), tmp_path)


@pytest.mark.slow
def test_the_tool_trains_and_tests_on_made_pairs(tmp_path, repo_root, capsys, tool):
    """A real training of one iteration on two rendered pairs; the second call finds it done."""
    from moefusion.synthetic.writer import make_demo_data

    make_demo_data(tmp_path / 'data', 2, 1, (160, 120))
    base = tmp_path / 'tiny.py'
    base.write_text(
        f"_base_ = '{repo_root}/configs/moefusion-lite_demo.py'\n"
        f"data_root = '{tmp_path}/data/'\n"
        'model = dict(visible_detector=None, infrared_detector=None)\n'
        'train_dataloader = dict(num_workers=0, persistent_workers=False, '
        'dataset=dict(times=1, dataset=dict(data_root=data_root)))\n'
        'val_dataloader = dict(num_workers=0, persistent_workers=False, '
        'dataset=dict(data_root=data_root))\n'
        'test_dataloader = val_dataloader\n'
        'train_cfg = dict(max_epochs=1, val_interval=1)\n'
    )
    for stem in ('tiny', 'lite-table2_without-mole', 'lite-table2_without-moge'):  # done already
        done = tmp_path / f'runs/tiny/{stem}/seed_0/test/now/now.json'
        done.parent.mkdir(parents=True)
        done.write_text(json.dumps(values(1)))
    argv = ['lite-table2', '--base', str(base), '--work-dir', str(tmp_path / 'runs')]
    assert tool.main(argv) == 0
    first = capsys.readouterr().out
    assert first.count('| 1 |') == 4
    assert tool.main(argv) == 0
    assert capsys.readouterr().out == first
