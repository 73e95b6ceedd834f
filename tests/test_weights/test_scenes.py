"""The bundled gates tell scenes apart that ask for different fusion: day, night, smoke, glare."""

import numpy as np
import pytest
import torch

from moefusion.apis import FusionInferencer
from moefusion.apis.routing import RoutingStudy
from moefusion.synthetic import CONDITIONS, render_pair

pytestmark = pytest.mark.slow


@pytest.fixture
def model():
    return FusionInferencer(device='cpu').model


def study_scenes(model, number):
    """Rendered scenes, each another one, whose conditions take turns."""
    study = RoutingStudy(model)
    for index in range(number):
        condition = CONDITIONS[index % len(CONDITIONS)]
        pair = render_pair(np.random.default_rng([11, index]), 320, 240, condition)
        study.add(np.dstack([pair.visible, pair.infrared]), str(index), condition)
    return study


def test_the_gates_weights_tell_the_scene(model):
    """By chance a quarter. Most information ratios differ by condition, and so should the gates."""
    study = study_scenes(model, 24)
    ratios = study.table().groupby('data')['information'].mean()
    assert ratios['day'] < ratios['smoke'] < ratios['glare'] < ratios['night']
    told = study.told_apart()
    assert told.mean() >= 0.6, told


def test_gates_without_weights_tell_nothing(model):
    with torch.no_grad():
        for gate in model.fusion.gates().values():
            gate.weight.zero_()
    assert study_scenes(model, 8).told_apart().mean() == 0.25
