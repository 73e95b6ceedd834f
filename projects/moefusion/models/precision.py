"""Whether a device computes in bfloat16 itself."""

import functools

import torch
from mmengine.logging import print_log

PRECISIONS = 'auto', 'float32', 'bfloat16'


def native_bfloat16(device: str) -> bool:
    """Whether a type of :class:`torch.device`, such as ``'cpu'``, computes in bfloat16 itself.

    A CPU without instructions for it, AMX or AVX-512 BF16 on x86, emulates it, far slower.
    """
    if device == 'cuda':
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == 'cpu':
        found: dict[str, object] = getattr(torch.cpu, 'get_capabilities', dict)()
        return any(bool(there) for name, there in found.items() if name.endswith('bf16'))
    return True


@functools.cache
def has_bfloat16(device: str) -> bool:
    """:func:`native_bfloat16`, said once where it is not so, for training."""
    native = native_bfloat16(device)
    if not native:
        text = f'{device} has no bfloat16 in hardware: the fusion network trains in float32'
        print_log(text, logger='current')
    return native


def fuses_in_bfloat16(precision: str, device: str) -> bool:
    """Whether fusing runs in bfloat16; what ``'auto'`` chose is said.

    Args:
        precision (str): ``'float32'``, ``'bfloat16'``, or ``'auto'`` for bfloat16 where the device
            computes in it itself.
        device (str): as for :func:`native_bfloat16`.

    Raises:
        ValueError: if it is another precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f'precision must be one of {", ".join(PRECISIONS)}, but is {precision!r}')
    if precision != 'auto':
        return precision == 'bfloat16'
    native = native_bfloat16(device)
    chosen = 'bfloat16, which' if native else 'float32, as no bfloat16'
    print_log(f"precision 'auto': {chosen} is in the {device}'s hardware", logger='current')
    return native
