"""What fusion, losses, metrics and data sets share about pixels; pure PyTorch."""

# ruff: noqa: E402
from moefusion.extras import need

need('torch', __name__)

from moefusion.image.blur import filter_rows_and_columns, gaussian_blur, gaussian_window
from moefusion.image.color import colorize, rgb_to_gray
from moefusion.image.masks import boxes_to_mask
from moefusion.image.padding import pad_to_multiple
from moefusion.image.sobel import gradient_magnitude, sobel_components, sobel_gradient
from moefusion.luma import RGB_TO_GRAY

__all__ = [
    'RGB_TO_GRAY',
    'boxes_to_mask',
    'colorize',
    'filter_rows_and_columns',
    'gaussian_blur',
    'gaussian_window',
    'gradient_magnitude',
    'pad_to_multiple',
    'rgb_to_gray',
    'sobel_components',
    'sobel_gradient',
]
