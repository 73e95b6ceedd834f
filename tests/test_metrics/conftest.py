"""Images that the metric tests share: small, and with the corners of the protocols in them."""

import numpy as np
import pytest
import torch


def make_triple(seed=0, height=44, width=53):
    """Infrared, visible and fused: edges, noise, flat, dark and saturated parts."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    infrared = 40 + 30 * np.sin(x / 5) + rng.normal(0, 3, (height, width))
    infrared[8:22, 10:25] = 255
    visible = 2.5 * y + rng.normal(0, 15, (height, width))
    visible[:, -12:] = 6
    visible[-9:-3, 5:20] = 254
    fused = 0.6 * infrared + 0.5 * visible + rng.normal(0, 2, (height, width))
    visible[-9:-3, 5:20:2] = 255
    fused[30:] = visible[30:]
    return tuple(
        np.clip(np.round(image), 0, 255).astype(np.uint8) for image in (infrared, visible, fused)
    )


@pytest.fixture(scope='session')
def triple():
    """Infrared, visible and fused image, ``uint8``, 44 x 53."""
    return make_triple()


@pytest.fixture(scope='session')
def triples():
    """Three more such images, as three lists: infrared, visible and fused."""
    return tuple(zip(*(make_triple(seed) for seed in (1, 2, 3))))


@pytest.fixture(params=['cpu', 'cuda'])
def device(request):
    """Every device there is."""
    if request.param == 'cuda' and not torch.cuda.is_available():
        pytest.skip('no CUDA device')
    return request.param
