"""The steps of fusing strip by strip and what joins them, by torch's modules, without an export."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
import torch

from moefusion.fusion.strips import reach
from moefusion.models import MoEFusion
from moefusion.models.exportable import Attend, FuseStep, GlobalStep, LocalStep, Whole
from moefusion.runtime import strips
from moefusion.runtime.strips import Step, StripFuser
from moefusion.windows import windows

FUSION = dict(
    channels=4, local_hidden=2, global_widths=(6, 5), local_grid=(3, 2), global_grid=(2, 3)
)
STEPS = Whole, Attend, LocalStep, GlobalStep, FuseStep


def build(**options):
    """A network whose gates choose, and what fuses by it in strips of about 200 cells."""
    model = MoEFusion(fusion={**FUSION, **options})
    gates = model.fusion.gates()
    for gate in gates.values():
        torch.nn.init.normal_(gate.weight)
    modules = dict(zip(Step, [part(model) for part in STEPS]))
    experts = sum(gate.num_experts for gate in gates.values())

    def run(step, outputs, **inputs):
        given = dict(share=np.ones((), np.float32), previous=np.zeros(experts, np.float32)) | inputs
        names = inspect.signature(modules[step].forward).parameters
        assert inputs.keys() <= names.keys()
        with torch.no_grad():
            found = modules[step](*(torch.from_numpy(np.array(given[name])) for name in names))
        found = {name: value.numpy() for name, value in zip(modules[step].outputs, found)}
        return {name: found[name] for name in outputs}

    network = model.fusion
    return model, StripFuser(run, list(gates), network.stride, reach(network), experts, 200)


def random_pair(height, width):
    visible = np.random.randint(0, 256, (height, width, 3), np.uint8)
    return visible, np.random.randint(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize('size', [(95, 33), (61, 47), (5, 8), (1, 1)])
@pytest.mark.parametrize(
    'options',
    [
        dict(stride=2, source_skip=True, dense_features=1),
        dict(background_mixture=False),
        dict(local='attention'),
        dict(stride=2, global_mixture=False),
    ],
)
@pytest.mark.parametrize('average', [True, False])
def test_strips_equal_the_whole(size, options, average, predict):
    model, fuse = build(**options)
    visible, infrared = random_pair(*size)
    given = {}
    if average:
        previous = np.random.randn(fuse.experts).astype(np.float32)
        given = dict(share=np.array(0.3, np.float32), previous=previous)
    expected = predict(model, visible, infrared, **given)
    found = fuse(visible, infrared, **given)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        atol = 1 if name == 'color' else 1e-5
        values = values.astype(float)
        np.testing.assert_allclose(found[name], values, atol=atol, rtol=0, err_msg=name)
    once = replace(fuse, cells=1 << 20)(visible, infrared, **given)  # all in one strip
    np.testing.assert_allclose(once['fused'], found['fused'], atol=1e-5, rtol=0)


def test_the_step_for_whole_pairs_is_the_model(predict):
    model, fuse = build(stride=2)
    images = dict(zip(strips.PAIR, random_pair(33, 47)))
    expected = predict(model, **images)
    prior = fuse.run(Step.ATTEND, ['attention'], **images)['attention']
    np.testing.assert_array_equal(prior, expected.pop('attention'))
    found = fuse.run(Step.WHOLE, [*expected], **images, prior=prior)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-6, err_msg=name)


def test_strips_stay_small_and_overlap_by_the_reach():
    found = windows(151, 10, 9, 200)
    assert [each.start for each in found[1:]] == [each.stop for each in found[:-1]]
    assert found[0].start == 0 and found[-1].stop == found[-1].height == 151
    assert [each.start - each.first for each in found] == [0] + [9] * (len(found) - 1)
    assert max(each.stop - each.start for each in found) == 200 // 10
    assert [tuple(each) for each in windows(40, 300, 9, 200)] == [
        (0, 0, 18, 40),  # no thinner than twice the reach
        (9, 18, 36, 40),
        (27, 36, 40, 40),
    ]
    assert np.arange(80)[found[1].outer(9, 2)].tolist() == list(range(22, 80))
    assert found[1].inner(2) == slice(18, 58)
    assert windows(1, 1, 0) == [(0, 0, 1, 1)]


def test_detectors_see_large_pairs_smaller(monkeypatch):
    _, fuse = build()
    seen = []
    monkeypatch.setattr(strips, 'LARGEST_SEEN', 400)

    def run(step, outputs, **inputs):
        if step == Step.ATTEND:
            seen.append(inputs['visible'].shape)
            assert inputs['infrared'].shape == inputs['visible'].shape[:2]
            return {'attention': np.full(inputs['infrared'].shape, 0.25, np.float32)}
        return fuse.run(step, outputs, **inputs)

    for size in ((20, 20), (40, 25), (3, 900)):
        found = replace(fuse, run=run)(*random_pair(*size))
        np.testing.assert_array_equal(found['attention'], np.full(size, 0.25))
    assert seen == [(20, 20, 3), (25, 15, 3), (1, 346, 3)]
