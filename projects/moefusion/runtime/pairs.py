"""The call that everything that fuses has: one pair or many, from arrays, files or folders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from tqdm import tqdm

from moefusion.files import SAME_NAMES, Naming, Range
from moefusion.runtime.result import FusionResult
from moefusion.runtime.sources import Source, is_folder, is_many, list_pairs, refuse_mixed_sources


class PairFuser(ABC):
    """Fuses aligned pairs; the fused image has exactly the pair's size.

    Attributes:
        infrared_range (tuple[float, float] | None): which infrared values become 0 and 255 where
            they are not uint8, in files and in memory alike.
    """

    infrared_range: Range | None = None

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """str: changes with what fuses: weights, options, precision, infrared range."""

    def __call__(
        self,
        visible: Source | Sequence[Source],
        infrared: Source | Sequence[Source],
        batch_size: int = 1,
        metrics: bool = False,
        progress: bool = True,
        naming: Naming = SAME_NAMES,
    ) -> FusionResult | list[FusionResult]:
        """Fuse one pair or many.

        Args:
            visible: file, or uint8 image in memory, or a list or generator of them, or a folder. In
                memory it is an array, H x W x 3 (R, G, B) or H x W, a tensor, 3 x H x W too, or a
                Pillow image.
            infrared: the same, as many; three channels must be gray. With ``infrared_range`` it
                may be of another type. Images of two folders are paired by name.
            batch_size (int): how many pairs run at once, for GPUs. Only pairs of one size share a
                forward pass, so that none is padded to another's. Defaults to 1.
            metrics (bool): whether to score each fused gray image by
                :func:`moefusion.metrics.fusion_metrics`, in the literature's protocol.
            progress (bool): whether to show how many pairs of several are done.
            naming (Naming): what tells the names of two folders' images apart, such as
                ``Naming('_RGB', '_PreviewData')``. Defaults to nothing but the folder.

        Returns:
            FusionResult | list[FusionResult]: one for one pair; for lists and folders a list, in
            the order given, or that of the names.

        Raises:
            FileNotFoundError: if a file or folder is not there.
            PairError: if a file cannot be read, the two of a pair differ in size, an image of a
                folder has no partner, or with ``infrared_range`` some of several infrared images
                have 8 bits and others more.
            ValueError: if arrays are not uint8 of these shapes, two lists differ in length, a
                folder stands beside something else, or an image is too small to be scored.
        """
        pairs = list_pairs(visible, infrared, naming)
        results = self._stream(pairs, batch_size, metrics)
        if not any(is_many(source) or is_folder(source) for source in (visible, infrared)):
            return next(results)
        return list(tqdm(results, 'fuse', len(pairs), unit='pair', disable=not progress))

    def stream(
        self,
        visible: Source | Sequence[Source],
        infrared: Source | Sequence[Source],
        batch_size: int = 1,
        metrics: bool = False,
        naming: Naming = SAME_NAMES,
    ) -> Iterator[FusionResult]:
        """Fuse pairs as their results are asked for; none is kept, however many there are.

        It takes and raises what :meth:`__call__` does: what is wrong with the arguments at once,
        what is wrong with a file when it is reached.

        Returns:
            Iterator[FusionResult]: one a pair, in the order of :meth:`__call__`.
        """
        return self._stream(list_pairs(visible, infrared, naming), batch_size, metrics)

    def _stream(
        self, pairs: list[tuple[Source, Source]], batch_size: int, metrics: bool
    ) -> Iterator[FusionResult]:
        if batch_size < 1:
            raise ValueError(f'batch_size must be 1 or more, but is {batch_size}')
        if self.infrared_range is not None and len(pairs) > 1:
            refuse_mixed_sources(infrared for _, infrared in pairs)
        return (
            result
            for start in range(0, len(pairs), batch_size)
            for result in self._fuse(pairs[start : start + batch_size], start, metrics)
        )

    @abstractmethod
    def _fuse(
        self, pairs: list[tuple[Source, Source]], start: int, metrics: bool
    ) -> list[FusionResult]:
        """Fuse a few pairs, the first of which is number ``start`` of the call."""
