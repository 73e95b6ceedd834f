"""Plain, slow versions of the eight metrics, written from the formulas with loops in float64.

Nothing here is shared with the package: pixels are visited one by one.
"""

import math
from collections import Counter

import numpy as np


def oracle_metrics(infrared, visible, fused, literature):
    """All eight, by name."""
    a, b, f = (image.tolist() for image in (infrared, visible, fused))
    return dict(
        EN=en(f),
        SF=sf(f),
        SD=sd(f, literature),
        MI=mi(a, f, literature) + mi(b, f, literature),
        VIF=vifp(infrared, fused, literature) + vifp(visible, fused, literature),
        AG=ag(f),
        SCD=scd(a, b, f),
        Qabf=qabf(a, b, f, literature),
    )


def pixels(image):
    return [level for row in image for level in row]


def entropy(levels):
    return -sum(n / len(levels) * math.log2(n / len(levels)) for n in Counter(levels).values())


def en(f):
    return entropy(pixels(f))


def sf(f):
    height, width = len(f), len(f[0])
    down = [
        (f[i + 1][j] / 255 - f[i][j] / 255) ** 2 for i in range(height - 1) for j in range(width)
    ]
    across = [
        (f[i][j + 1] / 255 - f[i][j] / 255) ** 2 for i in range(height) for j in range(width - 1)
    ]
    return math.sqrt(sum(down) / len(down) + sum(across) / len(across))


def sd(f, literature):
    levels = pixels(f)
    mean = sum(levels) / len(levels)
    if not literature:
        return math.sqrt(sum((level - mean) ** 2 for level in levels) / len(levels))
    squares = []
    for level in levels:
        difference = level - mean
        rounded = math.floor(abs(difference) + 0.5) * (1 if difference > 0 else -1)
        squares.append(min(min(max(rounded, 0), 255) ** 2, 255))
    return math.sqrt(sum(squares) / len(squares))


def mi(x, f, literature):
    x, f = pixels(x), pixels(f)
    top = 254 if literature else 255
    joint = [(min(p, top), min(q, top)) for p, q in zip(x, f)]
    return entropy(x) + entropy(f) - entropy(joint)


def ag(f):
    height, width = len(f), len(f[0])

    def slope(low, high, distance):
        return (high - low) / distance

    total = 0
    for i in range(height):
        for j in range(width):
            up, down = max(i - 1, 0), min(i + 1, height - 1)
            left, right = max(j - 1, 0), min(j + 1, width - 1)
            gy = slope(f[up][j], f[down][j], down - up)
            gx = slope(f[i][left], f[i][right], right - left)
            total += math.sqrt((gx**2 + gy**2) / 2)
    return total / ((height - 1) * (width - 1))


def correlation(x, y):
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    xy = math.fsum((p - mean_x) * (q - mean_y) for p, q in zip(x, y))
    xx = math.fsum((p - mean_x) ** 2 for p in x)
    yy = math.fsum((q - mean_y) ** 2 for q in y)
    return xy / math.sqrt(xx * yy) if xx > 0 and yy > 0 else math.nan


def scd(a, b, f):
    a, b, f = pixels(a), pixels(b), pixels(f)
    return correlation([p - q for p, q in zip(f, b)], a) + correlation(
        [p - q for p, q in zip(f, a)], b
    )


def window(size):
    sigma, half = size / 5, size // 2
    weights = np.array(
        [
            [math.exp(-(i * i + j * j) / (2 * sigma * sigma)) for j in range(-half, half + 1)]
            for i in range(-half, half + 1)
        ]
    )
    return weights / weights.sum()


def smooth(image, size):
    weights = window(size)
    height, width = image.shape
    return np.array(
        [
            [(image[i : i + size, j : j + size] * weights).sum() for j in range(width - size + 1)]
            for i in range(height - size + 1)
        ]
    )


def vifp(x, f, literature):
    x, f = x.astype(float), f.astype(float)
    kept = total = 0
    for scale, size in enumerate((17, 9, 5, 3)):
        if scale > 0:
            x, f = smooth(x, size)[::2, ::2], smooth(f, size)[::2, ::2]
        xx, ff, xf = x * x, f * f, x * f
        if literature and scale == 0:
            xx, ff, xf = np.minimum(xx, 255), np.minimum(ff, 255), np.minimum(xf, 255)
        for mean_x, mean_f, mean_xx, mean_ff, mean_xf in zip(
            *(smooth(image, size).ravel() for image in (x, f, xx, ff, xf))
        ):
            variance_x = max(mean_xx - mean_x * mean_x, 0)
            variance_f = max(mean_ff - mean_f * mean_f, 0)
            covariance = mean_xf - mean_x * mean_f
            gain = covariance / (variance_x + 1e-10)
            noise = variance_f - gain * covariance
            if variance_x < 1e-10:
                gain, noise, variance_x = 0, variance_f, 0
            if variance_f < 1e-10:
                gain, noise = 0, 0
            if gain < 0:
                gain, noise = 0, variance_f
            kept += math.log10(1 + gain**2 * variance_x / (max(noise, 1e-10) + 2))
            total += math.log10(1 + variance_x / 2)
    return kept / total if total else math.nan


# A 3 x 3 convolution flips its kernel; the window is walked column by column, from the last column
# to the first and from the last row to the first.
KERNEL_X = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
KERNEL_Y = ((1, 2, 1), (0, 0, 0), (-1, -2, -1))


def sobel(image, kernel):
    height, width = len(image), len(image[0])
    result = [[0.0] * width for _ in range(height)]
    for i in range(height):
        for j in range(width):
            total = 0.0
            for column in (2, 1, 0):
                for row in (2, 1, 0):
                    weight = kernel[2 - row][2 - column]
                    y, x = i + row - 1, j + column - 1
                    if weight and 0 <= y < height and 0 <= x < width:
                        total += weight * (image[y][x] / 255)
            result[i][j] = total
    return result


def edges(image):
    found = []
    for row_x, row_y in zip(sobel(image, KERNEL_X), sobel(image, KERNEL_Y)):
        found += [
            (math.sqrt(x * x + y * y), math.atan(y / x) if x != 0 else math.pi / 2)
            for x, y in zip(row_x, row_y)
        ]
    return found


def qabf(a, b, f, literature):
    kept = weight = 0
    edges_f = edges(f)
    for source in (a, b):
        for (g, alpha), (g_f, alpha_f) in zip(edges(source), edges_f):
            if g == g_f:
                relative = g_f if literature else 1
            else:
                relative = min(g, g_f) / max(g, g_f)
            turn = 1 - abs(alpha - alpha_f) / (math.pi / 2)
            kept += g * (
                0.9994
                / (1 + math.exp(-15 * (relative - 0.5)))
                * 0.9879
                / (1 + math.exp(-22 * (turn - 0.8)))
            )
            weight += g
    return kept / weight if weight else math.nan
