"""The configs' network is the paper's, gates do not decay; each trains one step and predicts."""

import pytest
import torch

from config_files import FULL, LITE, build_model, read


@pytest.mark.parametrize('name', FULL)
def test_the_papers_network(name):
    """N = 4, K = 2 (paper, 4.1); s is a quarter and an eighth of 480 x 640."""
    fusion = read(name).model.fusion
    assert (fusion.num_experts, fusion.top_k) == (4, 2)
    assert tuple(fusion.local_grid) == (480 // 4, 640 // 4)
    assert tuple(fusion.global_grid) == (480 // 8, 640 // 8)


@pytest.mark.parametrize('name', FULL)
def test_all_weights_but_the_gates_decay(name):
    """By 1e-4, as in the authors' code; test_engine/test_paper_wiring.py has the rest."""
    from mmengine.optim import build_optim_wrapper

    from moefusion.fusion import FusionNetwork

    config = read(name)
    model = torch.nn.Module()
    model.fusion = FusionNetwork(local_grid=(1, 1), global_grid=(1, 1))
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    decay = {
        id(p): group['weight_decay'] for group in wrapper.param_groups for p in group['params']
    }
    for key, parameter in model.named_parameters():
        assert decay[id(parameter)] == (0 if '.gate.' in key else 1e-4), key


def one_step(config, make_pair, *sizes, boxes=((4.0, 4.0, 40.0, 50.0),)):
    """Train one step on random pairs with the config's optimizer, then predict on them."""
    from mmengine.optim import build_optim_wrapper

    model = build_model(config)
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    pairs, samples = zip(*(make_pair(*size, boxes=boxes) for size in sizes))
    log = model.train_step(
        dict(inputs=list(pairs), data_samples=[sample.clone() for sample in samples]), wrapper
    )
    assert log['loss'].isfinite()
    for group in ('fusion', 'load', 'visible', 'infrared'):
        assert log[f'loss_{group}'] > 0 or group == 'load'
    assert model.state_dict()
    with torch.no_grad():
        results = model.eval().test_step(dict(inputs=list(pairs), data_samples=list(samples)))
    for result, size in zip(results, sizes):
        assert result.fused.data.shape == (1, *size)
        assert result.attention.data.shape == (3, *size)
    return log


@pytest.mark.parametrize('name', LITE)
def test_lite_configs_train_and_predict(name, make_pair):
    one_step(read(name), make_pair, (64, 96), (70, 61))


@pytest.mark.parametrize('name', FULL)
def test_full_configs_build(name):
    model = build_model(read(name))
    # ResNet-50's 23.5 million parameters twice, and the gates' 614400 x 4 x 2 and more
    assert 80e6 < sum(p.numel() for p in model.parameters()) < 120e6
    assert sum(p.numel() for p in model.visible_detector.backbone.parameters()) == 23_508_032


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, size', [('moefusion_m3fd.py', (480, 640)), *((name, (128, 160)) for name in FULL)]
)
def test_full_configs_train_and_predict(name, size, make_pair):
    one_step(read(name), make_pair, size)
