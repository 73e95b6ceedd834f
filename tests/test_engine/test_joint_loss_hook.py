"""JointLossHook in MMEngine's training loop, and the checkpoints that the loop writes."""

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel

from moefusion.weights.checkpoint import load_checkpoint_safely, load_weights


class Recorder(Hook):
    """Keeps the log of each iteration."""

    def __init__(self):
        self.logs = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.logs.append({name: value.item() for name, value in outputs.items()})


def fusion_sum(log, gradient):
    return (
        log['fusion.loss_pixel_foreground']
        + log['fusion.loss_pixel_background']
        + gradient * log['fusion.loss_gradient']
    )


def test_schedule_over_the_iterations(make_runner):
    recorder = Recorder()
    weights = dict(fusion=dict(loss_gradient=dict(start=0.0, end=8.0, until=4)), load=0.0)
    make_runner(hooks=[recorder, dict(type='JointLossHook', weights=weights)]).train()
    assert len(recorder.logs) == 6
    for log, gradient in zip(recorder.logs, [0.0, 2.0, 4.0, 6.0, 8.0, 8.0]):
        assert log['loss_fusion'] == pytest.approx(fusion_sum(log, gradient), rel=1e-5)
        assert log['loss'] == pytest.approx(log['loss_fusion'], rel=1e-5)
        assert log['load.loss_global'] > 0 and log['loss_load'] == 0


def test_without_the_hook_the_papers_weights_hold(make_runner):
    recorder = Recorder()
    make_runner(hooks=[recorder]).train()
    log = recorder.logs[0]
    assert log['loss_fusion'] == pytest.approx(fusion_sum(log, 10), rel=1e-5)


def test_the_schedule_goes_on_after_resuming(make_runner):
    hook = dict(
        type='JointLossHook',
        weights=dict(fusion=dict(loss_gradient=dict(start=0.0, end=8.0, until=4))),
    )
    make_runner(hooks=[hook], train_cfg=dict(by_epoch=True, max_epochs=1)).train()
    recorder = Recorder()
    make_runner(hooks=[recorder, hook], resume=True).train()
    assert len(recorder.logs) == 3  # the second epoch
    for log, gradient in zip(recorder.logs, [6.0, 8.0, 8.0]):
        assert log['loss_fusion'] == pytest.approx(fusion_sum(log, gradient), rel=1e-5)


def test_training_learns(make_runner):
    recorder = Recorder()
    make_runner(
        hooks=[recorder, dict(type='JointLossHook')], train_cfg=dict(by_epoch=True, max_epochs=8)
    ).train()
    first, last = recorder.logs[0], recorder.logs[-3]  # the same pairs
    assert last['loss_fusion'] < first['loss_fusion']


def test_two_runs_with_one_seed_agree(make_runner):
    logs = []
    for _ in range(2):
        recorder = Recorder()
        torch.manual_seed(0)  # the pairs; weights and noise are the runner's
        make_runner(hooks=[recorder]).train()
        logs.append(recorder.logs)
    assert logs[0] == logs[1]


def test_a_loss_that_is_not_finite_stops_training(make_runner):
    runner = make_runner(hooks=[dict(type='JointLossHook')])
    with torch.no_grad():
        for expert in runner.model.fusion.decoder.experts:
            expert[-1].bias.fill_(float('nan'))
    with pytest.raises(FloatingPointError, match='at iteration 0 .*fusion.loss_pixel_foreground'):
        runner.train()


def test_a_misspelt_weight_stops_training(make_runner):
    hook = dict(type='JointLossHook', weights=dict(fusion=dict(loss_gradeint=1.0)))
    with pytest.raises(KeyError, match='the model has no loss fusion.loss_gradeint'):
        make_runner(hooks=[hook]).train()


def test_other_models(make_runner):
    class Line(BaseModel):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, inputs, data_samples=None, mode='tensor'):
            raise AssertionError('training must not begin')

    runner = make_runner(model=Line(), hooks=[dict(type='JointLossHook')])
    with pytest.raises(TypeError, match='the model is a Line: leave out the hook'):
        runner.train()


def test_a_checkpoint_of_the_runner_loads_as_data(make_runner, tmp_path):
    """With optimizer, log history, meta and all that MMEngine puts in."""
    runner = make_runner(
        hooks=[dict(type='JointLossHook')],
        param_scheduler=[dict(type='LinearLR', start_factor=0.5, end=3, by_epoch=False)],
    )
    runner.train()
    path = tmp_path / 'work' / 'epoch_2.pth'
    checkpoint = load_checkpoint_safely(path)
    assert {'state_dict', 'optimizer', 'message_hub', 'meta', 'param_schedulers'} <= set(checkpoint)
    assert checkpoint['meta']['epoch'] == 2
    assert checkpoint['message_hub']['log_scalars']
    model = make_runner().model
    load_weights(model, path)
    for name, value in runner.model.state_dict().items():
        assert torch.equal(model.state_dict()[name], value)
