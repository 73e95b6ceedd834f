"""Whether a device computes in bfloat16 itself."""

import functools

import torch
from mmengine.logging import print_log


@functools.cache
def has_bfloat16(device: str) -> bool:
    """Whether bfloat16 is faster than float32 on a kind of device; said once where it is not.

    A CPU without instructions for it, AMX or AVX-512 BF16 on x86, emulates it, far slower.

    Args:
        device: ``'cpu'``, ``'cuda'`` or another type of :class:`torch.device`.
    """
    if device == 'cuda':
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device == 'cpu':
        found: dict[str, object] = getattr(torch.cpu, 'get_capabilities', dict)()
        native = any(bool(there) for name, there in found.items() if name.endswith('bf16'))
    else:
        native = True
    if not native:
        text = f'{device} has no bfloat16 in hardware: the fusion network trains in float32'
        print_log(text, logger='current')
    return native
