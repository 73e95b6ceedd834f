"""What the experts of a gate see, and the colour that stands for it in every picture."""

from __future__ import annotations

COLORS = {'visible': '#2a9d8f', 'infrared': '#e76f51', 'global': '#577590'}


def expert_kinds(gate: str, count: int) -> list[str]:
    """What each of a gate's ``count`` experts sees, in their order: a key of :data:`COLORS`.

    Of a local gate's experts the first half sees the visible image, the others the infrared one.
    """
    if gate == 'global':
        return ['global'] * count
    return ['visible'] * (count // 2) + ['infrared'] * (count - count // 2)
