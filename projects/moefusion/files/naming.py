"""How the names of a pair's two files differ, in any data set and in the published ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from moefusion.files.folders import IMAGE_SUFFIXES


@dataclass(frozen=True)
class Naming:
    """How the two files of a pair are told apart; what is left of their names is the pair's id.

    Attributes:
        visible (str): End of the visible file's name before its extension, such as ``_RGB``; or,
            with a slash, a folder on its way, such as ``visible/``.
        infrared (str): The same of the infrared file.
        recursive (bool): Whether folders inside are searched; their names are part of the id.
    """

    visible: str = ''
    infrared: str = ''
    recursive: bool = False

    def __post_init__(self) -> None:
        """Take the extension off ends that are given with one."""
        for side in ('visible', 'infrared'):
            end = getattr(self, side)
            if (suffix := Path(f'x{end}').suffix).lower() in IMAGE_SUFFIXES:
                object.__setattr__(self, side, end.removesuffix(suffix))

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends."""
        return self.visible, self.infrared


SAME_NAMES = Naming()
LAYOUTS = {
    'flir': Naming('_RGB', '_PreviewData'),
    'c2former': Naming('', '_tir'),
    'kaist': Naming('visible/', 'lwir/', recursive=True),
    'llvip': Naming(recursive=True),
    'dronevehicle': Naming(),
}


def choose_naming(
    layout: str | None = None,
    visible: str | None = None,
    infrared: str | None = None,
    recursive: bool | None = None,
) -> Naming:
    """Return a layout's naming, with what is given in the place of its own.

    Args:
        layout (str, optional): one of ``LAYOUTS``. Defaults to ``SAME_NAMES``.
        visible (str, optional): as in :class:`Naming`. Defaults to the layout's, as the others do.
        infrared (str, optional): the same.
        recursive (bool, optional): the same.

    Raises:
        ValueError: if there is no such layout.
    """
    if layout not in (None, *LAYOUTS):
        raise ValueError(f'layout must be one of {", ".join(LAYOUTS)}, but is {layout!r}')
    preset = LAYOUTS[layout] if layout else SAME_NAMES
    given: dict[str, Any] = dict(visible=visible, infrared=infrared, recursive=recursive)
    return replace(preset, **{name: value for name, value in given.items() if value is not None})
