"""Models that build in a moment."""

import pytest
import torch

SMALL = dict(local_grid=(2, 3), global_grid=(2, 2), global_widths=(8, 8, 4))


@pytest.fixture
def batch_of(make_pair):
    """A batch of pairs of these sizes; keyword arguments go to ``make_pair``."""

    def make(*sizes, **options):
        pairs, samples = zip(*(make_pair(*size, **options) for size in sizes))
        return dict(inputs=list(pairs), data_samples=list(samples))

    return make


@pytest.fixture
def prepared():
    """What a model's data preprocessor makes of a batch, which stays as it is."""

    def prepare(model, batch, training=False):
        samples = [sample.clone() for sample in batch['data_samples']]
        return model.data_preprocessor(dict(batch, data_samples=samples), training)

    return prepare


@pytest.fixture
def fusion_only():
    """MoEFusion without detectors; keyword arguments go to the fusion network."""
    from mmdet.registry import MODELS

    import moefusion.plugin  # noqa: F401

    def build(**options):
        return MODELS.build(dict(type='MoEFusion', fusion={**SMALL, **options}))

    return build


@pytest.fixture
def awake(fusion_only):
    """The same with random gates, so that images differ in the experts that they select."""

    def build(**options):
        model = fusion_only(**options)
        for gate in model.fusion.gates().values():
            torch.nn.init.normal_(gate.weight, std=20)
        return model

    return build


@pytest.fixture
def with_detectors(lite_config):
    """MoEFusion with the lite detectors; keyword arguments override its config."""
    from mmdet.registry import MODELS

    def build(**options):
        return MODELS.build({**lite_config, 'fusion': SMALL, **options})

    return build
