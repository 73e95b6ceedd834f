"""The public names, so that none goes or comes by accident."""

import importlib

import pytest

NAMES = {
    'moefusion': 'Fuser FusionInferencer FusionNetwork __version__ fusion_metrics',
    'moefusion.apis': 'FusionInferencer FusionResult Outcome find_pairs fuse_pairs load_config '
    'prepare_distributed',
    'moefusion.datasets': 'FLIRAlignedDataset LLVIPDataset LayoutReport LoadPairedImage '
    'M3FDDataset PairedCocoDataset PairedXMLDataset Photometric RandomPairTone SelectModality '
    'check_layout find_readers',
    'moefusion.detection': 'CSPDarknetTiny SpatialAttention as_at_test capture_attention '
    'find_attention',
    'moefusion.engine': 'EarlyNumClassCheckHook FusionVisualizationHook GateNoiseHook '
    'IterSyncBuffersHook JointLossHook SafeCheckpointHook SeedHook TimedTrainLoop '
    'WholeFileBackend WholeVisBackend',
    'moefusion.evaluation': 'DumpPredictions FusedDetectionMetric FusionMetric average_precision '
    'boxes_by_class',
    'moefusion.files': 'IMAGE_SUFFIXES LAYOUTS SAME_NAMES Annotation AnnotationError Findings '
    'Naming PairError Range bare_stem check_range choose_range clean_box find_pairs find_range '
    'fit_naming list_folder '
    'list_sides read_annotations read_coco read_cues read_infrared '
    'read_lines read_orientation read_pair read_size read_split read_text '
    'read_visible read_voc read_voc_annotation to_eight_bits to_id to_infrared '
    'write_file write_image',
    'moefusion.fusion': 'AttentionMerge DenseEncoder FusionNetwork FusionOutput Gating '
    'GlobalExpert GlobalMixture LocalExpert LocalMixture NoisyTopKGate',
    'moefusion.image': 'RGB_TO_GRAY boxes_to_mask colorize filter_rows_and_columns gaussian_blur '
    'gaussian_window gradient_magnitude pad_to_multiple rgb_to_gray sobel_components '
    'sobel_gradient',
    'moefusion.losses': 'DEFAULT_WEIGHTS FusionLoss JointLoss Target adaptive_target '
    'information_ratio load_loss',
    'moefusion.metrics': 'Cue GrayImages METRIC_NAMES ONE_SIDED_NAMES PROTOCOLS REGIONS '
    'average_gradient cue_retention entropy fusion_metrics mutual_information one_sided_metrics '
    'qabf spatial_frequency standard_deviation sum_of_correlations_of_differences '
    'visual_information_fidelity',
    'moefusion.models': 'MoEFusion PairedDataPreprocessor',
    'moefusion.runtime': 'BUNDLED_ONNX Fuser FusionResult',
    'moefusion.synthetic': 'CONDITIONS Pair make_demo_data render_pair',
    'moefusion.visualization': 'FusionPicture draw_fusion fused_image fusion_picture',
    'moefusion.weights': 'BUNDLED load_checkpoint_safely load_to_resume load_weights '
    'read_description write_description',
}


@pytest.mark.parametrize('package', NAMES)
def test_public_names(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(NAMES[package].split())
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_an_unknown_name_is_named():
    with pytest.raises(ImportError, match='FusionNetwrok'):
        from moefusion import FusionNetwrok  # noqa: F401
