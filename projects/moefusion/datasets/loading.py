"""Transform that loads a visible / infrared pair as one four-channel image."""

from __future__ import annotations

from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from moefusion.files import Range, check_range, read_pair


@TRANSFORMS.register_module()
class LoadPairedImage(BaseTransform):
    """Load an aligned pair as one image, so that transforms move both and the boxes together.

    Required Keys:

    - img_path (str): visible image
    - infrared_path (str): infrared image

    Modified Keys:

    - img (np.uint8, shape (H, W, 4): B, G, R, infrared)
    - img_shape (tuple[int, int]: H, W)
    - ori_shape (tuple[int, int]: H, W)
    - scale_factor ((1.0, 1.0), for pipelines that do not resize: detection heads ask for it)

    An image that is loaded already and has no partner stays as it is: MMDetection's inferencer
    hands single files to the test pipeline of a detector.

    What the files may hold is listed in :mod:`moefusion.files.reading`; anything else raises
    :class:`moefusion.files.PairError`.

    Args:
        infrared_range (tuple[float, float], optional): what becomes 0 and 255 of infrared images
            of 16 bits or floats, the same for the whole set. Without, these are an error.
    """

    def __init__(self, infrared_range: Range | None = None) -> None:
        self.infrared_range = check_range(infrared_range)

    def transform(self, results: dict) -> dict:
        """Add the image and its shapes to ``results``."""
        if 'infrared_path' not in results and 'img' in results:
            return results
        if 'infrared_path' not in results:
            raise KeyError(
                f'LoadPairedImage: no infrared_path for {results.get("img_path")}. Use one of the '
                'paired readers (M3FDDataset, FLIRAlignedDataset, LLVIPDataset, PairedCocoDataset).'
            )
        files = results['img_path'], results['infrared_path']
        results['img'] = read_pair(*files, self.infrared_range)
        results['img_shape'] = results['ori_shape'] = results['img'].shape[:2]
        results['scale_factor'] = (1.0, 1.0)
        return results

    def __repr__(self) -> str:
        """Write it as in a config."""
        return f'{type(self).__name__}(infrared_range={self.infrared_range})'
