"""The eight metrics as one would write them down with NumPy and SciPy: slow, and short."""

from __future__ import annotations

import numpy as np
from scipy.signal import convolve2d


def scipy_metrics(visible: np.ndarray, infrared: np.ndarray, fused: np.ndarray) -> dict[str, float]:
    """The literature protocol as one would write it down with NumPy and SciPy."""
    a, b, f = (image.astype(float) for image in (visible, infrared, fused))
    rows, columns = np.diff(f / 255, axis=0), np.diff(f / 255, axis=1)
    difference = np.clip(np.floor(f - f.mean() + 0.5), 0, 255)
    gradient_y, gradient_x = np.gradient(f)
    return dict(
        EN=entropy(np.bincount(fused.ravel(), minlength=256)),
        SF=np.sqrt((rows**2).mean() + (columns**2).mean()),
        SD=np.sqrt(np.minimum(difference**2, 255).mean()),
        MI=mutual_information(a, f) + mutual_information(b, f),
        VIF=vifp(a, f) + vifp(b, f),
        AG=np.sqrt((gradient_x**2 + gradient_y**2) / 2).sum() / (len(rows) * columns.shape[1]),
        SCD=np.corrcoef((f - b).ravel(), a.ravel())[0, 1]
        + np.corrcoef((f - a).ravel(), b.ravel())[0, 1],
        Qabf=qabf(a / 255, b / 255, f / 255),
    )


def entropy(counts: np.ndarray) -> float:
    """Entropy of a histogram, in bits."""
    shares = counts[counts > 0] / counts.sum()
    return -(shares * np.log2(shares)).sum()


def mutual_information(x: np.ndarray, f: np.ndarray) -> float:
    """Mutual information of a source and the fused image, in 255 bins."""
    joint = np.histogram2d(
        np.minimum(x, 254).ravel(), np.minimum(f, 254).ravel(), bins=255, range=[[0, 255], [0, 255]]
    )[0]
    marginals = [entropy(np.bincount(image.astype(int).ravel(), minlength=256)) for image in (x, f)]
    return sum(marginals) - entropy(joint)


def vifp(x: np.ndarray, f: np.ndarray) -> float:
    """Visual information fidelity in the pixel domain, four scales."""
    kept = total = 0
    for scale in range(4):
        size = 2 ** (4 - scale) + 1
        offsets = np.arange(size) - size // 2
        window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * (size / 5) ** 2))
        window /= window.sum()

        def smooth(image: np.ndarray, window: np.ndarray = window) -> np.ndarray:
            return convolve2d(image, window, mode='valid')

        if scale:
            x, f = smooth(x)[::2, ::2], smooth(f)[::2, ::2]
        xx, ff, xf = x * x, f * f, x * f
        if scale == 0:
            xx, ff, xf = (np.minimum(product, 255) for product in (xx, ff, xf))
        mean_x, mean_f = smooth(x), smooth(f)
        variance_x = np.maximum(smooth(xx) - mean_x**2, 0)
        variance_f = np.maximum(smooth(ff) - mean_f**2, 0)
        covariance = smooth(xf) - mean_x * mean_f
        gain = covariance / (variance_x + 1e-10)
        noise = variance_f - gain * covariance
        flat = variance_x < 1e-10
        gain[flat], noise[flat], variance_x[flat] = 0, variance_f[flat], 0
        flat = variance_f < 1e-10
        gain[flat], noise[flat] = 0, 0
        noise[gain < 0] = variance_f[gain < 0]
        gain[gain < 0] = 0
        noise[noise <= 1e-10] = 1e-10
        kept += np.log10(1 + gain**2 * variance_x / (noise + 2)).sum()
        total += np.log10(1 + variance_x / 2).sum()
    return kept / total


def qabf(a: np.ndarray, b: np.ndarray, f: np.ndarray) -> float:
    """Edges of both sources that the fused image keeps (Xydeas and Petrovic)."""
    kernel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])

    def edges(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # in SciPy's order of sums, which moves the result in the fourth decimal
        x = convolve2d(image, kernel, mode='same')
        y = convolve2d(image, -kernel.T, mode='same')
        with np.errstate(divide='ignore', invalid='ignore'):
            return np.sqrt(x**2 + y**2), np.where(x == 0, np.pi / 2, np.arctan(y / x))

    def kept(source: tuple[np.ndarray, np.ndarray], fused: tuple[np.ndarray, np.ndarray]) -> float:
        (strength, angle), (strength_f, angle_f) = source, fused
        with np.errstate(divide='ignore', invalid='ignore'):
            weaker = np.where(strength == strength_f, strength_f, strength / strength_f)
            relative = np.where(strength > strength_f, strength_f / strength, weaker)
        turn = 1 - np.abs(angle - angle_f) / (np.pi / 2)
        kept_strength = 0.9994 / (1 + np.exp(-15 * (relative - 0.5)))
        return (strength * kept_strength * 0.9879 / (1 + np.exp(-22 * (turn - 0.8)))).sum()

    edges_a, edges_b, edges_f = edges(a), edges(b), edges(f)
    return (kept(edges_a, edges_f) + kept(edges_b, edges_f)) / (edges_a[0] + edges_b[0]).sum()
