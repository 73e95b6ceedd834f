"""Models that build in a moment."""

import pytest

SMALL = dict(local_grid=(2, 3), global_grid=(2, 2), global_widths=(8, 8, 4))


@pytest.fixture
def fusion_only():
    """MoEFusion without detectors; keyword arguments go to the fusion network."""
    from mmdet.registry import MODELS

    import moefusion.plugin  # noqa: F401

    def build(**options):
        return MODELS.build(dict(type='MoEFusion', fusion={**SMALL, **options}))

    return build


@pytest.fixture
def with_detectors(lite_config):
    """MoEFusion with the lite detectors; keyword arguments override its config."""
    from mmdet.registry import MODELS

    def build(**options):
        return MODELS.build({**lite_config, 'fusion': SMALL, **options})

    return build
