"""The steps of fusing strip by strip and what joins them, by torch's modules, without an export."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
import torch

from moefusion.fusion.strips import reach
from moefusion.models import MoEFusion
from moefusion.models.exportable import ExportableFusion
from moefusion.models.exportable_steps import Attend, FuseStep, GlobalStep, LocalStep, Whole
from moefusion.runtime import strips
from moefusion.runtime.strips import Step, StripFuser

FUSION = dict(
    channels=4, local_hidden=2, global_widths=(6, 5), local_grid=(3, 2), global_grid=(2, 3)
)


def build(**options):
    """A network whose gates choose, and what fuses by it in strips of about 200 cells."""
    exportable = ExportableFusion(MoEFusion(fusion={**FUSION, **options}))
    for gate in exportable.gates.values():
        torch.nn.init.normal_(gate.weight)
    modules = {
        Step.WHOLE: Whole(exportable),
        Step.ATTEND: Attend(exportable),
        Step.LOCAL: LocalStep(exportable),
        Step.GLOBAL: GlobalStep(exportable),
        Step.FUSE: FuseStep(exportable),
    }
    experts = sum(gate.num_experts for gate in exportable.gates.values())

    def run(step, outputs, **inputs):
        given = dict(share=np.ones((), np.float32), previous=np.zeros(experts, np.float32)) | inputs
        names = inspect.signature(modules[step].forward).parameters
        assert inputs.keys() <= names.keys()
        with torch.no_grad():
            found = modules[step](*(torch.from_numpy(np.array(given[name])) for name in names))
        found = {name: value.numpy() for name, value in zip(modules[step].outputs, found)}
        return {name: found[name] for name in outputs}

    network = exportable.model.fusion
    fuse = StripFuser(run, list(exportable.gates), network.stride, reach(network), experts, 200)
    return exportable, fuse


def random_pair(height, width):
    visible = np.random.randint(0, 256, (height, width, 3), np.uint8)
    return visible, np.random.randint(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize('size', [(95, 33), (61, 47), (5, 8), (1, 1)])
@pytest.mark.parametrize(
    'options',
    [
        dict(stride=2, source_skip=True),
        dict(background_mixture=False),
        dict(local='attention'),
        dict(stride=2, global_mixture=False),
    ],
)
@pytest.mark.parametrize('average', [True, False])
def test_strips_equal_the_whole(size, options, average):
    whole, fuse = build(**options)
    visible, infrared = random_pair(*size)
    given = {}
    if average:
        previous = np.random.randn(fuse.experts).astype(np.float32)
        given = dict(share=np.array(0.3, np.float32), previous=previous)
    with torch.no_grad():
        expected = whole(*map(torch.from_numpy, (visible, infrared, *given.values())))
    found = fuse(visible, infrared, **given)
    assert found.keys() == set(whole.outputs)
    for name, each in zip(whole.outputs, expected):
        atol = 1 if name == 'color' else 1e-5
        values = found[name].astype(float)
        np.testing.assert_allclose(values, each.double().numpy(), atol=atol, rtol=0, err_msg=name)
    once = replace(fuse, cells=1 << 20)(visible, infrared, **given)  # all in one strip
    np.testing.assert_allclose(once['fused'], found['fused'], atol=1e-5, rtol=0)


def test_the_step_for_whole_pairs_is_the_model():
    whole, fuse = build(stride=2)
    images = dict(zip(strips.PAIR, random_pair(33, 47)))
    with torch.no_grad():
        expected = whole(*map(torch.from_numpy, images.values()))
    prior = fuse.run(Step.ATTEND, ['attention'], **images)['attention']
    np.testing.assert_array_equal(prior, expected[2])
    names = [name for name in whole.outputs if name != 'attention']
    found = fuse.run(Step.WHOLE, names, **images, prior=prior)
    for value, each in zip(found.values(), [*expected[:2], *expected[3:]]):
        np.testing.assert_allclose(value, each, atol=1e-6)


def test_strips_stay_small_and_overlap_by_the_reach():
    _, fuse = build(stride=2)
    windows = list(fuse._windows(301, 20))
    assert [start for _, start, _, _ in windows[1:]] == [stop for _, _, stop, _ in windows[:-1]]
    assert windows[0][1] == 0 and windows[-1][2] == windows[-1][3] == 151
    assert all(start - first == fuse.reach for first, start, _, _ in windows[1:])
    assert max(stop - start for _, start, stop, _ in windows) == 200 // 10


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
