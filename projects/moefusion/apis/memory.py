"""Has the C library keep freed memory for the next tensors, which saves a quarter of the time."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
LARGEST_KEPT = 256 << 20


def keep_freed_memory() -> bool:
    """Keep freed blocks of up to 256 MiB in the process.

    By default glibc hands each large block back to the system and fetches, page by page and
    filled with zeros, a new one for the next tensor; on CPUs that takes a quarter of the time
    of fusing and of training. The price is a higher peak where blocks of many sizes are in use.
    Call it once, before the work; without glibc it does nothing.

    Returns:
        bool: whether it took effect.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT) and mallopt(M_TRIM_THRESHOLD, 2 * LARGEST_KEPT)
    )
