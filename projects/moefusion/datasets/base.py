"""Base of the readers of aligned visible / infrared pairs, for any layout."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, ClassVar

from mmdet.datasets import XMLDataset
from mmengine.logging import print_log

from moefusion.datasets.classes import check_classes, check_folders, check_metainfo, fit_palette
from moefusion.datasets.damaged import leave_out_damaged
from moefusion.datasets.pipeline import check_pipeline, range_of
from moefusion.files import (
    Annotation,
    AnnotationError,
    Findings,
    PairError,
    Range,
    fit_naming,
    list_sides,
    read_size,
)
from moefusion.files.kinds import read_kinds, refuse_deep, refuse_mixture
from moefusion.files.naming import choose_naming
from moefusion.files.pairs import flaw, named
from moefusion.files.reading import refuse_other_size

Entry = dict[str, Any]
SIDES = ('visible', 'infrared')


class PairedDataset(XMLDataset):
    """What the readers of pairs share: their files are found and their boxes cleaned alike.

    Boxes are clipped to the image; those that are inverted, outside or thinner than a pixel are
    dropped, with one warning that counts them, as are pairs of a test that cannot be read.

    Args:
        data_prefix (dict): the folders visible, infrared and annotation under ``data_root``, where
            they differ from the layout's own.
        layout (str, optional): how a published data set names its files, out of
            :data:`moefusion.files.LAYOUTS`.
        visible_suffix, infrared_suffix (str, optional): what tells the two names apart, see
            :class:`moefusion.files.Naming`.
        recursive (bool, optional): whether folders inside are searched; ids then contain them.
        labelled (bool): False reads no annotations, for pairs that only need fusing.
        modality (str, optional): ``'visible'`` or ``'infrared'`` hands out that image alone, for
            pipelines that start with ``LoadImageFromFile``. Defaults to the pair.
        ignore_classes (Sequence[str], optional): stray class names, dropped and counted in the
            log, as are the data set's classes that ``metainfo`` leaves out. Any other raises.
        **kwargs: those of MMDetection's ``BaseDetDataset``.

    Raises:
        PairError: no pairs, pairs with a missing or ambiguous file, images of more than 8 bits
            without a range, or infrared ones that ``infrared_range`` cannot map alike.
        AnnotationError: a broken annotation, one of another size than its images, or a class
            neither known nor ignored.
        ValueError: ``classes`` is no tuple of different names, or one is ignored too, or has no
            colour; unknown ``layout``, ``modality`` or folder; a transform cannot take pairs.
    """

    FOLDERS: ClassVar[dict[str, str]] = dict(visible='Vis', infrared='Ir', annotation='Annotation')
    LAYOUT: str | None = None
    IGNORED: tuple[str, ...] = ()

    def __init__(
        self,
        *args: Any,
        data_prefix: dict[str, str] | None = None,
        layout: str | None = None,
        visible_suffix: str | None = None,
        infrared_suffix: str | None = None,
        recursive: bool | None = None,
        labelled: bool = True,
        modality: str | None = None,
        ignore_classes: Sequence[str] | None = None,
        lazy_init: bool = False,
        **kwargs: Any,
    ) -> None:
        """Check the arguments, then read unless ``lazy_init``."""
        self.naming = choose_naming(
            layout or self.LAYOUT, visible_suffix, infrared_suffix, recursive
        )
        if modality not in (None, *SIDES):
            raise ValueError(f'modality must be one of {", ".join(SIDES)}, but is {modality!r}')
        self.labelled, self.modality = labelled, modality
        self.ignore_classes = tuple(self.IGNORED if ignore_classes is None else ignore_classes)
        self.findings = Findings()
        self.hands_out_pairs = check_pipeline(
            kwargs.get('pipeline', ()), scored=bool(kwargs.get('test_mode'))
        )
        folders = {**self.FOLDERS, **check_folders(data_prefix, kwargs, type(self).__name__)}
        check_metainfo(kwargs.get('metainfo'), type(self).__name__)
        super().__init__(*args, data_prefix=folders, lazy_init=True, **kwargs)
        check_classes(self._metainfo.get('classes'), ignore_classes or (), type(self).__name__)
        fit_palette(self._metainfo, kwargs.get('metainfo'), type(self).__name__)
        if not lazy_init:
            self.full_init()

    def list_pairs(self) -> tuple[list[Entry], list[str]]:
        """Find the files of every pair, without opening an image.

        Returns:
            tuple: the complete pairs, dicts with pair_id, img_id, img_path, infrared_path and
            annotation, and a message for each file that is missing.
        """
        folders = self.data_prefix['visible'], self.data_prefix['infrared']
        try:
            self.naming = fit_naming(*folders, self.naming)
            *sides, strangers = list_sides(*folders, self.naming)
            wanted = list(self._wanted(sides[0].keys() | sides[1].keys()))
        except OSError as error:
            raise PairError(
                f'{error.filename}: cannot read the folder ({error.strerror}). Check data_root and '
                'data_prefix of the config; docs/data.md shows the layouts.'
            ) from error
        missing = [] if self.ann_file else [f'{path}: {why}' for path, why in strangers.items()]
        pairs = []
        for entry in wanted:
            pair_id = entry['pair_id']
            found = [side.get(pair_id, []) for side in sides]
            lacking = [
                f'{os.path.join(folder, named(pair_id, end))}: no {side} file for pair {pair_id}'
                for side, folder, end, files in zip(SIDES, folders, self.naming.ends, found)
                if not files
            ]
            if not lacking and (reason := flaw(pair_id, *found)):
                lacking.append(reason)
            lacking += entry.pop('missing', ())
            missing += lacking
            if not lacking:
                paths = dict(img_path=str(found[0][0]), infrared_path=str(found[1][0]))
                pairs.append({**entry, **paths})
        return pairs, missing

    def load_data_list(self) -> list[Entry]:
        """Return one entry per pair: img_id, img_path, infrared_path, width, height, instances."""
        pairs, missing = self.list_pairs()
        if missing:
            raise PairError(
                f'{self.ann_file or self.data_root}: {len(missing)} files are missing or no pair, '
                f'first {"; ".join(missing[:3])}. `python tools/check_dataset.py CONFIG` lists '
                'them all.'
            )
        if self.labelled and not self._metainfo.get('classes'):
            raise ValueError(
                f'{type(self).__name__} needs metainfo=dict(classes=(...)) in the config'
            )
        for pair_id, count in Counter(pair['pair_id'] for pair in pairs).items():
            if count > 1:
                self.findings.add('pair listed more than once, read as often', pair_id)
        self._check_kinds(pairs)
        if self.test_mode:
            pairs = leave_out_damaged(pairs, self.modality, self.infrared_range, self.findings)
        data_list = [self.parse_data_info(pair) for pair in pairs]
        for info in data_list if self.modality else ():
            infrared = info.pop('infrared_path')
            info['img_path'] = infrared if self.modality == 'infrared' else info['img_path']
        for line in self.findings.all_lines():
            print_log(f'{type(self).__name__}: {line}', 'current', logging.WARNING)
        return self._refuse_empty(data_list)

    def parse_data_info(self, pair: Entry) -> Entry:
        """Turn one of :meth:`list_pairs` into the entry of the data list.

        Raises:
            PairError: an image's header cannot be read, or the sizes of the two differ.
            AnnotationError: see the class.
        """
        annotation = self._annotation(pair) if self.labelled else Annotation.empty()
        paths = pair['img_path'], pair['infrared_path']
        size = read_size(paths[0])
        refuse_other_size(paths[0], size, paths[1], read_size(paths[1]))
        width, height = annotation.size or size
        if size != (width, height):
            raise AnnotationError(
                f'{paths[0]} is {size[0]} x {size[1]}, but its annotation says {width} x {height}. '
                'Correct the annotation.'
            )
        annotation.count_twins(self.findings)
        instances = list(self._instances(annotation, width, height))
        info = dict(pair, width=width, height=height, instances=instances)
        info.pop('annotation', None)
        return info

    @property
    def infrared_range(self) -> Range | None:
        """That of the pipeline's ``LoadPairedImage``."""
        return range_of(self.pipeline.transforms)

    def _check_kinds(self, pairs: Sequence[Entry]) -> None:
        """Refuse infrared images that would be mapped in part, and more bits than can be used."""
        for side, key in zip(SIDES, ('img_path', 'infrared_path')):
            paths = [pair[key] for pair in pairs]
            if side == 'infrared' and not self.modality and self.infrared_range is not None:
                refuse_mixture(read_kinds(paths))
            elif self.modality in (None, side):
                refuse_deep(paths, side, bool(self.modality))

    def filter_data(self) -> list[Entry]:
        """Filter as ``filter_cfg`` says and log the count; raises PairError where none is left."""
        kept = super().filter_data()
        if dropped := len(self.data_list) - len(kept):
            text = f'{dropped} pairs left out by filter_cfg={self.filter_cfg}'
            print_log(f'{type(self).__name__}: {text}', 'current')
        return self._refuse_empty(kept)

    def _wanted(self, known: Collection[str]) -> Iterator[Entry]:
        """pair_id, img_id and annotation of each pair asked for, out of the ids of the images."""
        raise NotImplementedError

    def _annotation(self, pair: Entry) -> Annotation:
        """The boxes of one pair, not yet cleaned."""
        raise NotImplementedError

    def _instances(self, annotation: Annotation, width: int, height: int) -> Iterator[Entry]:
        classes = self._metainfo['classes'] if self.labelled else ()
        for name, corners, ignored, place in annotation.objects():
            if name not in classes:
                if name not in (*self.ignore_classes, *self.METAINFO.get('classes', ())):
                    raise AnnotationError(
                        f'{place}: unknown class {name!r}, expected one of {tuple(classes)}. Add '
                        "it to metainfo's classes or to ignore_classes in the config."
                    )
                self.findings.add(f'box of the left-out class {name}, dropped', place)
                continue
            box = self.findings.usable(corners, width, height, place)
            if box is not None:
                small = min(box[2] - box[0], box[3] - box[1]) < (self.bbox_min_size or 0)
                label = classes.index(name)
                yield dict(bbox=box, bbox_label=label, ignore_flag=int(ignored or small))

    def _refuse_empty(self, data_list: list[Entry]) -> list[Entry]:
        if not data_list:
            raise PairError(
                f'{self.ann_file or self.data_prefix["visible"]}: no pairs after '
                f'filter_cfg={self.filter_cfg}. Check data_root, ann_file and filter_cfg.'
            )
        return data_list
