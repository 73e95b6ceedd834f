"""What fusion, losses, metrics and data sets share about pixels; pure PyTorch."""

from moefusion.image.blur import filter_rows_and_columns, gaussian_blur, gaussian_window
from moefusion.image.color import RGB_TO_GRAY, colorize, rgb_to_gray
from moefusion.image.masks import boxes_to_mask
from moefusion.image.sobel import gradient_magnitude, sobel_components, sobel_gradient

__all__ = [
    'RGB_TO_GRAY',
    'boxes_to_mask',
    'colorize',
    'filter_rows_and_columns',
    'gaussian_blur',
    'gaussian_window',
    'gradient_magnitude',
    'rgb_to_gray',
    'sobel_components',
    'sobel_gradient',
]
