"""TimedTrainLoop: stops in time, says so, and leaves a checkpoint to go on from."""

import pytest
import torch


@pytest.mark.parametrize('minutes, epochs, iterations', [(0, 1, 1), (60, 2, 6)])
def test_stops_when_its_time_is_over(
    make_runner, tmp_path, monkeypatch, minutes, epochs, iterations
):
    runner = make_runner(train_cfg=dict(type='TimedTrainLoop', max_epochs=2, minutes=minutes))
    said = []
    monkeypatch.setattr(runner.logger, 'warning', said.append)
    runner.train()
    saved = sorted((tmp_path / 'work').glob('*.pth'))
    assert [path.name for path in saved] == [f'epoch_{n + 1}.pth' for n in range(epochs)]
    meta = torch.load(saved[-1], weights_only=False)['meta']
    assert (meta['epoch'], meta['iter']) == (epochs, iterations)
    message = 'stopped early, after 1 of 6 iterations: the 0 minutes are over'
    assert (message in said) == (minutes == 0)
