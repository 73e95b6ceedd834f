"""Exported networks against torch, with other widths than the bundled ones."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from moefusion.fusion import FusionNetwork
from moefusion.models import MoEFusion
from moefusion.runtime import Fuser
from moefusion.runtime.strips import Step

pytest.importorskip('onnxscript')
FUSION = dict(
    channels=4, local_hidden=2, global_widths=(6, 5), local_grid=(3, 2), global_grid=(2, 3)
)


def choosing(network):
    """Gates of an untrained network that choose, other experts for other images, without ties."""
    for gate in network.gates().values():
        torch.nn.init.normal_(gate.weight)
        torch.nn.init.uniform_(gate.standard.mean, 0, 0.3)
        gate.standard.variance.fill_(0.02)
    return network.eval()


@pytest.mark.slow
@pytest.mark.parametrize(
    'options',
    [
        dict(stride=2, source_skip=True, dense_features=1),
        dict(top_k=1, num_experts=6, attention_merge='max'),
    ],
)
def test_any_size_and_any_network(tmp_path, options, monkeypatch, predict):
    from moefusion.apis.export import export_onnx

    model = MoEFusion(fusion={**FUSION, **options}).eval()
    choosing(model.fusion)
    path = tmp_path / 'x.onnx'
    (tmp_path / 'x.pth').write_bytes(b'weights')
    assert export_onnx(model, tmp_path / 'x.pth', path) == path.stat().st_size
    fuse = Fuser(path, threads=1)
    assert len(fuse.metadata['sha256']) == 64
    chosen = set()
    for height, width in ((17, 23), (33, 47), (71, 101), (64, 96), (95, 129)):
        bright, warm = np.random.randint(9, 256, 2)
        visible = np.random.randint(0, bright, (height, width, 3), np.uint8)
        infrared = np.random.randint(0, warm, (height, width), np.uint8)
        pair = dict(visible=visible, infrared=infrared)
        previous = np.random.randn(3 * model.fusion.gates()['global'].num_experts)
        average = dict(share=np.array(0.3, np.float32), previous=previous.astype(np.float32))
        for inputs in (pair, {**pair, **average}):  # alone, and as a frame of a video
            expected = predict(model, **inputs)
            whole = dict(zip(expected, fuse.session.run([*expected], inputs)))
            for name, values in expected.items():
                atol = 1 if name == 'color' else 1e-3
                np.testing.assert_allclose(whole[name].astype(float), values, atol=atol)
            chosen.add(tuple(np.flatnonzero(np.concatenate([whole[name] for name in fuse.gates]))))
            for cells in (300, 1 << 20):
                given = {name: value for name, value in inputs.items() if name in average}
                strips = replace(fuse.strips, cells=cells)(visible, infrared, **given)
                for name, values in whole.items():
                    atol = 1 if name == 'color' else 1e-5
                    found = strips[name].astype(float)
                    np.testing.assert_allclose(found, values, atol=atol, rtol=0, err_msg=name)
    assert len(chosen) > 1  # other experts for other images
    assert_large_pairs_go_in_strips(fuse, monkeypatch)


def assert_large_pairs_go_in_strips(fuse, monkeypatch):
    visible = np.random.randint(0, 256, (61, 47, 3), np.uint8)
    whole = fuse(visible, visible[..., 0])
    steps, run = [], fuse.session.run

    def noted(outputs, inputs):
        steps.append(Step(int(inputs.get('step', 0))))
        return run(outputs, inputs)

    fuse.session = SimpleNamespace(run=noted)
    monkeypatch.setattr(fuse, 'largest_whole', 61 * 47)
    fuse(visible, visible[..., 0])
    assert steps == [Step.WHOLE]
    monkeypatch.setattr(fuse, 'largest_whole', 61 * 47 - 1)
    result = fuse(visible, visible[..., 0])
    assert steps[1:] == [Step.ATTEND, Step.LOCAL, Step.GLOBAL, Step.FUSE]
    assert np.abs(result.gray.astype(int) - whole.gray).max() <= 1
    for name, weights in whole.gates.items():
        np.testing.assert_allclose(result.gates[name], weights, atol=1e-5)


def test_compiled_networks_choose_without_python():
    """One graph, without a break where an expert is chosen; the same values."""
    plain = choosing(FusionNetwork(**FUSION))
    compiled = torch.compile(plain, backend='eager', fullgraph=True)
    for size in ((16, 20), (9, 31)):
        images = torch.rand(2, 2, 1, *size)
        with torch.no_grad():
            expected, found = plain(*images), compiled(*images)
        torch.testing.assert_close(found.fused, expected.fused)
        for name, gating in found.gatings.items():
            torch.testing.assert_close(gating.weights, expected.gatings[name].weights)


def test_a_network_of_another_kind_is_refused(tmp_path):
    import onnx
    from onnx import TensorProto, helper

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in 'ab']
    graph = helper.make_graph([helper.make_node('Identity', ['a'], ['b'])], 'g', *zip(values))
    opset = [helper.make_opsetid('', 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), tmp_path / 'x.onnx')
    with pytest.raises(ValueError, match=r'x\.onnx is not an exported MoE-Fusion of this version'):
        Fuser(tmp_path / 'x.onnx')
