"""What goes by epochs is refused in a training by iterations, before its first step."""

import pytest

CHECKPOINT = dict(type='SafeCheckpointHook', interval=1, by_epoch=False)
STEPS = dict(type='MultiStepLR', milestones=[1], by_epoch=False)


@pytest.fixture
def train(make_runner):
    """Trains two iterations with a checkpoint hook and a schedule; returns the iterations done."""

    def run(checkpoint=CHECKPOINT, schedule=STEPS, **options):
        runner = make_runner(
            default_hooks=dict(checkpoint=dict(checkpoint)),
            param_scheduler=[dict(schedule)],
            hooks=[dict(type='EarlyNumClassCheckHook')],
            **dict(train_cfg=dict(by_epoch=False, max_iters=2)) | options,
        )
        try:
            runner.train()
        finally:
            done = runner.iter
        return done

    return run


def test_what_goes_by_iterations_trains(train, tmp_path):
    assert train() == 2 and (tmp_path / 'work/iter_1.pth').exists()
    by_epochs = dict(CHECKPOINT, by_epoch=True), dict(STEPS, by_epoch=True)
    assert train(*by_epochs, train_cfg=dict(by_epoch=True, max_epochs=1)) == 3


def test_checkpoints_by_epochs_are_refused(train, tmp_path):
    with pytest.raises(ValueError, match='checkpoint saves by epochs, but training goes by iter'):
        train(checkpoint=dict(CHECKPOINT, by_epoch=True))
    assert not list((tmp_path / 'work').glob('*.pth'))


def test_learning_rates_by_epochs_are_refused(train):
    with pytest.raises(ValueError, match='MultiStepLR goes by epochs, but training by iterations'):
        train(schedule=dict(STEPS, by_epoch=True))
