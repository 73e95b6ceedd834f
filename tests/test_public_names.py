"""The public names, so that none goes or comes by accident; and what importing them loads."""

import importlib
import subprocess
import sys

import pytest

NAMES = {
    'moefusion': 'Fuser FusionInferencer FusionNetwork __version__ fusion_metrics',
    'moefusion.apis': 'FusionInferencer FusionResult Outcome find_pairs fuse_pairs load_config '
    'prepare_distributed',
    'moefusion.detection': 'CSPDarknetTiny SpatialAttention capture_attention find_attention',
    'moefusion.engine': 'EarlyNumClassCheckHook FusionVisualizationHook GateNoiseHook '
    'JointLossHook',
    'moefusion.fusion': 'AttentionMerge DenseEncoder FusionNetwork FusionOutput Gating '
    'GlobalExpert GlobalMixture LocalExpert LocalMixture NoisyTopKGate',
    'moefusion.image': 'RGB_TO_GRAY boxes_to_mask colorize gaussian_blur gradient_magnitude '
    'pad_to_multiple rgb_to_gray sobel_components sobel_gradient',
    'moefusion.losses': 'DEFAULT_WEIGHTS FusionLoss JointLoss Target adaptive_target '
    'information_ratio load_loss',
    'moefusion.metrics': 'Cue GrayImages METRIC_NAMES ONE_SIDED_NAMES PROTOCOLS average_gradient '
    'cue_retention entropy fusion_metrics mutual_information one_sided_metrics qabf '
    'spatial_frequency standard_deviation sum_of_correlations_of_differences '
    'visual_information_fidelity',
    'moefusion.models': 'MoEFusion PairedDataPreprocessor',
    'moefusion.runtime': 'BUNDLED_ONNX Fuser FusionResult',
    'moefusion.visualization': 'FusionPicture draw_fusion',
}


@pytest.mark.parametrize('package', NAMES)
def test_public_names(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(NAMES[package].split())
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_an_unknown_name_is_named():
    with pytest.raises(ImportError, match='FusionNetwrok'):
        from moefusion import FusionNetwrok  # noqa: F401


@pytest.mark.parametrize('name', ['FusionNetwork', 'fusion_metrics'])
def test_plain_names_load_without_the_mm_stack(name):
    code = (
        f'import sys; from moefusion import {name}; '
        "print([m for m in sys.modules if m.split('.')[0] in ('mmengine', 'mmcv', 'mmdet')])"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
