"""The standard VIF against TorchMetrics, which has the same windows, noise and 'valid' filters."""

import pytest
import torch

from moefusion.metrics import visual_information_fidelity

functional = pytest.importorskip('torchmetrics.functional.image')


def test_standard_vif(triple):
    infrared, visible, fused = (torch.from_numpy(image)[None, None].double() for image in triple)
    theirs = sum(
        functional.visual_information_fidelity(fused, source).item()
        for source in (infrared, visible)
    )
    assert visual_information_fidelity(*triple, protocol='standard') == pytest.approx(
        theirs, abs=1e-9
    )
