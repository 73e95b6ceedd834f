"""Reading configs, and what --cfg-options may override."""

import pytest

from moefusion.apis.config import load_config

CONFIG = 'configs/moefusion-lite_demo.py'


@pytest.mark.parametrize(
    'option, message',
    [
        ('max_epochs', 'max_epochs would change nothing: .* such as train_cfg.max_epochs'),
        ('judge.checkpoint', 'would change nothing'),
        ('trian_cfg.max_epochs', 'nothing reads the key trian_cfg. Is it train_cfg?'),
        ('whatever', 'nothing reads the key whatever. If code of yours reads it'),
        ('test_evaluator.1', "does not fit .*moefusion-lite_demo.py: 'NoneType'"),
        ('test_evaluator.9.type', 'does not fit .*moefusion-lite_demo.py: '),
        ('train_cfg.max_epochs.end', 'does not fit .*moefusion-lite_demo.py: '),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(repo_root, option, message):
    with pytest.raises(ValueError, match=f'--cfg-options .*{message}'):
        load_config(repo_root / CONFIG, {option: None})


def test_options_that_something_reads(repo_root):
    options = {
        'train_cfg.max_epochs': 3,
        'test_evaluator.1.detector.checkpoint': 'other.pth',
        'randomness.seed': 4,
        'find_unused_parameters': True,
        'custom_hooks': [],
        'auto_scale_lr.enable': True,
        'load_from': None,
    }
    cfg = load_config(repo_root / CONFIG, options)
    assert cfg.train_cfg.max_epochs == 3 and cfg.randomness.seed == 4
    assert cfg.test_evaluator[1].detector.checkpoint == 'other.pth'
    assert cfg.find_unused_parameters is True and cfg.auto_scale_lr.enable is True
