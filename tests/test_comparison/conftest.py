"""A test set in folders: two methods, boxes in both formats, and images as others save them."""

import json

import cv2
import numpy as np
import pytest

SIZE = 64, 48  # width, height
BOXES = dict(
    a=[('car', [5, 6, 25, 30])], b=[], c=[('person', [40.5, 10, 60, 44.5]), ('car', [2, 2, 12, 20])]
)


@pytest.fixture
def test_set(tmp_path):
    """Folder with ir, vi, average, brighter, voc and boxes.json for the images a, b and c."""
    rng = np.random.default_rng(0)
    width, height = SIZE
    images, annotations = [], []
    for name in ('ir', 'vi', 'average', 'brighter', 'voc'):
        (tmp_path / name).mkdir()
    for number, (stem, objects) in enumerate(BOXES.items()):
        infrared = rng.integers(0, 200, (height, width), dtype=np.uint8)
        visible = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        infrared, visible = cv2.blur(infrared, (3, 3)), cv2.blur(visible, (3, 3))
        gray = cv2.cvtColor(visible, cv2.COLOR_BGR2GRAY)
        average = cv2.addWeighted(infrared, 0.5, gray, 0.5, 0)
        cv2.imwrite(str(tmp_path / 'ir' / f'{stem}.png'), infrared)
        cv2.imwrite(str(tmp_path / 'vi' / f'{stem}.bmp'), visible)
        cv2.imwrite(str(tmp_path / 'average' / f'{stem}.png'), average)
        cv2.imwrite(
            str(tmp_path / 'brighter' / f'{stem}.png'),
            cv2.addWeighted(visible, 0.7, cv2.merge([infrared] * 3), 0.4, 5),
        )
        images.append(dict(id=number, file_name=f'vi/{stem}.bmp', width=width, height=height))
        nodes = ''
        for name, (x1, y1, x2, y2) in objects:
            annotations.append(
                dict(
                    id=len(annotations),
                    image_id=number,
                    iscrowd=0,
                    category_id=dict(car=3, person=7)[name],
                    bbox=[x1, y1, x2 - x1, y2 - y1],
                )
            )
            nodes += (
                f'<object><name>{name}</name><difficult>0</difficult><bndbox>'
                f'<xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin>'
                f'<xmax>{x2 + 1}</xmax><ymax>{y2 + 1}</ymax></bndbox></object>'
            )
        (tmp_path / 'voc' / f'{stem}.xml').write_text(
            f'<annotation><size><width>{width}</width><height>{height}</height></size>'
            f'{nodes}</annotation>'
        )
    (tmp_path / 'boxes.json').write_text(
        json.dumps(
            dict(
                images=images,
                annotations=annotations,
                categories=[dict(id=3, name='car'), dict(id=7, name='person')],
            )
        )
    )
    return tmp_path
