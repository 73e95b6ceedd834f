"""Options that override a config: those that nothing reads are refused, with the place meant."""

import pytest

from moefusion.apis import FusionInferencer, load_config


def config(repo_root, **options):
    path = repo_root / 'configs/moefusion-lite_demo.py'
    return load_config(path, {key.replace('__', '.'): value for key, value in options.items()})


@pytest.mark.parametrize(
    'key, cure',
    [
        ('data_root', r'place that is meant: train_dataloader\.dataset\.dataset\.data_root, val_'),
        ('optimizer__lr', r'place that is meant: optim_wrapper\.optimizer\.lr$'),
        ('train_cgf__max_epochs', r'place that is meant: train_cfg\.max_epochs$'),
        ('test_pipeline__1__scale', 'Look its place up'),
    ],
)
def test_an_option_that_nothing_reads_is_refused(repo_root, key, cure):
    with pytest.raises(ValueError, match=cure):
        config(repo_root, **{key: 1})


@pytest.mark.parametrize(
    'key, value',
    [
        ('test_evaluator__9__type', 1),
        ('train_cfg__max_epochs__end', 1),
        ('test_evaluator__1', None),
    ],
)
def test_an_option_without_its_place_is_one_line(repo_root, key, value):
    with pytest.raises(ValueError, match='does not fit the config: '):
        config(repo_root, **{key: value})


def test_what_the_runner_reads_may_be_new(repo_root):
    cfg = config(repo_root, find_unused_parameters=True, randomness__seed=3, experiment_name='a')
    assert cfg.find_unused_parameters and cfg.randomness.seed == 3


def test_an_inferencer_refuses_it_too():
    with pytest.raises(ValueError, match=r'is meant: model\.fusion\.top_k$'):
        FusionInferencer(cfg_options={'fusion.top_k': 1})
