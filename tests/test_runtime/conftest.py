"""What the exported steps have to equal: the model's own prediction."""

import numpy as np
import pytest
import torch


@pytest.fixture
def predict():
    """All outputs of a pair by name, by ``MoEFusion.predict``.

    ``predict(model, visible, infrared, share=None, previous=None)``; the gates' average of a video
    is given to each gate by hand.
    """
    from mmdet.structures import DetDataSample

    def run(model, visible, infrared, share=None, previous=None):
        gates, seen = model.eval().fusion.gates(), []
        start = 0
        for gate in gates.values():
            if previous is not None:
                part = previous[None, start : start + gate.num_experts]
                gate.average = torch.from_numpy(part), float(share)
            start += gate.num_experts
        pair = np.dstack([visible[..., ::-1], infrared]).transpose(2, 0, 1)
        sample = DetDataSample(metainfo=dict(img_shape=infrared.shape))
        inputs = dict(inputs=[torch.from_numpy(pair.copy())], data_samples=[sample])
        hook = model.fusion.register_forward_hook(lambda *call: seen.append(call[-1].gatings))
        with torch.no_grad():
            (found,) = model.predict(**model.data_preprocessor(inputs))
        hook.remove()
        for gate in gates.values():
            gate.average = None
        logits = [seen[0][name].logits[0].numpy() for name in gates]
        color = found.fused_color.data.permute(1, 2, 0).numpy()
        return dict(
            fused=found.fused.data[0].numpy(),
            color=np.rint(color * 255).astype(np.uint8),
            attention=found.attention.data[0].numpy(),
            logits=np.concatenate([np.zeros(0), *logits]),
            **{name: found.gates[name].numpy() for name in gates},
        )

    return run
