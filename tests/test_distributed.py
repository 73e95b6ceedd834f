"""Two gloo processes against one, on the same global batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

import moefusion.plugin  # noqa: F401
from moefusion.synthetic import make_demo_data

WORKER = Path(__file__).with_name('distributed_worker.py')
MIXTURES = 'foreground', 'background', 'global'


def environment():
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT')
    }
    return {**kept, 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': ''}


TORCHRUN = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']


def run_worker(launcher, folder, *options):
    done = subprocess.run(
        [*launcher, str(WORKER), str(folder), *options],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope='module')
def results(tmp_path_factory):
    """What one process with batch 4 and two with batch 2 each computed."""
    folder = tmp_path_factory.mktemp('gradients')
    for launcher in ([sys.executable], TORCHRUN):
        run_worker(launcher, folder)
    single = torch.load(folder / 'rank0of1.pth')
    return single, [torch.load(folder / f'rank{rank}of2.pth') for rank in range(2)]


def test_some_experts_are_unused_on_one_rank(results):
    """In every mixture, and the other rank uses all of them: else nothing is tested."""
    single, ranks = results
    for name in MIXTURES:
        used = [{expert for expert in range(4) if rank['usage'][name][expert]} for rank in ranks]
        assert used == [{0, 1}, {0, 1, 2, 3}]
        assert [a + b for a, b in zip(*(rank['usage'][name] for rank in ranks))] == (
            single['usage'][name]
        )


def test_gradients_equal_those_of_one_process(results):
    """Within 1e-4 of each parameter's largest gradient: float32 sums in another order."""
    single, ranks = results
    names = list(single['gradients'])
    assert len(names) > 50
    for name in names:
        expected = single['gradients'][name]
        tolerance = 1e-4 * expected.abs().max().item() + 1e-8
        for rank in ranks:
            torch.testing.assert_close(
                rank['gradients'][name], expected, rtol=0, atol=tolerance, msg=name
            )
    gates = [name for name in names if name.endswith(('gate.weight', 'gate.noise_weight'))]
    assert len(gates) == 6 and all(single['gradients'][name].any() for name in gates)


def test_both_ranks_have_the_same_gradients(results):
    first, second = (rank['gradients'] for rank in results[1])
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_load_statistics_are_global(results):
    """Three samples use experts 0 and 1 and one the others; on the first rank none does."""
    single, ranks = results
    for name in ('local_foreground', 'local_background', 'global'):
        for result in (single, *ranks):
            # CV^2 of importance, (1.5, 1.5, 0.5, 0.5), is 1/4 and that of the smooth load less;
            # of the first rank's importance alone, (1, 1, 0, 0), it would be 1.
            assert 0.25 < result['log'][f'load.loss_{name}'] < 0.5
            assert result['log'][f'gates.{name}'] == pytest.approx(3 / 8, abs=0.05)
            assert result['log'][f'load.loss_{name}'] == pytest.approx(
                single['log'][f'load.loss_{name}'], rel=1e-4
            )


def test_other_losses_are_those_of_the_rank(results):
    """The mean over the ranks is the single process's."""
    single, ranks = results
    for name in ('fusion.loss_pixel_foreground', 'fusion.loss_gradient'):
        values = [rank['log'][name] for rank in ranks]
        assert values[0] != pytest.approx(values[1])
        assert sum(values) / 2 == pytest.approx(single['log'][name], rel=1e-4)


def test_a_rank_without_labels(tmp_path):
    """Its detectors take part with a gradient of 0: DDP waits for each parameter's."""
    run_worker(TORCHRUN, tmp_path, '--detectors')
    idle, busy = (torch.load(tmp_path / f'rank{rank}of2.pth') for rank in range(2))
    for modality in ('visible', 'infrared'):
        assert idle['log'][f'{modality}.loss_unlabelled'] == 0
        assert busy['log'][f'{modality}.loss_attention'] > 0
        own = [name for name in idle['gradients'] if name.startswith(f'{modality}_detector')]
        reached = [name for name in own if idle['gradients'][name] is not None]
        assert len(reached) > 40
        assert any('attention' in name for name in reached)
        for name in reached:
            assert torch.equal(idle['gradients'][name], busy['gradients'][name])
        assert sum(idle['gradients'][name].abs().sum() for name in reached) > 0


@pytest.mark.slow
def test_dist_train_on_cpus(repo_root, tmp_path):
    """tools/dist_train.sh trains moefusion-lite on two processes, saves and validates.

    One run of tools/test.py then reports the fusion metrics and the detector's three mAPs.
    """
    from moefusion.weights.checkpoint import load_checkpoint_safely

    data, work = tmp_path / 'demo', tmp_path / 'work'
    make_demo_data(data, train=8, test=2, size=(96, 64))
    options = [
        f'train_dataloader.dataset.dataset.data_root={data}/',
        f'val_dataloader.dataset.data_root={data}/',
        f'test_dataloader.dataset.data_root={data}/',
        'train_dataloader.dataset.times=1',
        'train_dataloader.batch_size=2',
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
        'val_dataloader.num_workers=0',
        'val_dataloader.persistent_workers=False',
        'train_cfg.max_epochs=1',
        'train_cfg.val_interval=1',
        'default_hooks.logger.interval=1',
    ]
    train = ['tools/dist_train.sh', 'configs/moefusion-lite_demo.py', '2', '--work-dir', str(work)]
    done = subprocess.run(
        [*train, '--cfg-options', *options],
        cwd=repo_root,
        capture_output=True,
        text=True,
        timeout=900,
        env={**environment(), 'PYTHON': sys.executable},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    log = done.stdout + done.stderr
    assert 'Epoch(train) [1][2/2]' in log  # 8 pairs, 2 ranks, batches of 2
    assert 'fusion/EN' in log
    checkpoint = load_checkpoint_safely(work / 'epoch_1.pth')
    assert not any(name.startswith('module.') for name in checkpoint['state_dict'])
    judge = tmp_path / 'detector.pth'
    init_default_scope('mmdet')
    config = Config.fromfile(repo_root / 'configs/detectors/faster-rcnn-lite_demo.py')
    torch.save(MODELS.build(config.model).state_dict(), judge)
    test = [sys.executable, 'tools/test.py', 'configs/moefusion-lite_demo.py']
    test += [str(work / 'epoch_1.pth'), '--work-dir', str(work), '--cfg-options']
    test += [option for option in options if option.startswith('test_')]
    test += ['test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False']
    for checkpoint, code in ((tmp_path / 'missing.pth', 1), (judge, 0)):
        done = subprocess.run(
            [*test, f'test_evaluator.1.detector.checkpoint={checkpoint}'],
            cwd=repo_root,
            capture_output=True,
            text=True,
            timeout=900,
            env=environment(),
        )
        log = done.stdout + done.stderr
        assert bool(done.returncode) == bool(code), log[-3000:]
        if code:
            assert 'missing.pth, which is not there. Train it by `python tools/train.py' in log
    for name in ('fusion/EN', 'fused/mAP', 'visible/mAP', 'infrared/mAP', 'fused/AP50_'):
        assert name in log
