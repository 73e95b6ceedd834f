"""Damaged images of a test are left out, named and counted, before it begins."""

import pytest

from moefusion.datasets.published import M3FDDataset
from moefusion.files import PairError

CAR = ('Car', 5, 6, 25, 20)


def cut(path, share=0.5):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def read(m3fd, **options):
    return M3FDDataset(data_root=str(m3fd.root), **options)


@pytest.mark.parametrize('share', [0.5, 0])
@pytest.mark.parametrize('folder', ['Vis', 'Ir'])
def test_a_damaged_image_of_a_test_is_left_out(m3fd, said, folder, share):
    for name in 'abc':
        m3fd.pair(name, CAR)
    cut(m3fd.root / folder / 'b.png', share)
    dataset = read(m3fd, test_mode=True)
    assert [dataset[row]['img_id'] for row in range(len(dataset))] == ['a', 'c']
    (line,) = said
    assert '1 x pair that cannot be read, left out of the test: ' in line
    assert f'{folder}/b.png: the file is ' in line
    side, other = ('visible', 'infrared')[:: 1 if folder == 'Vis' else -1]
    assert len(read(m3fd, test_mode=True, modality=side)) == 2
    if share:
        assert len(read(m3fd, test_mode=True, modality=other)) == 3


def test_training_is_not_read_twice(m3fd):
    m3fd.pair('a', CAR)
    cut(m3fd.root / 'Vis/a.png')
    assert len(read(m3fd)) == 1


def test_a_test_of_damaged_images_alone_is_refused(m3fd):
    m3fd.pair('a', CAR)
    cut(m3fd.root / 'Vis/a.png')
    with pytest.raises(PairError, match=r'a\.png: the file is truncated'):
        read(m3fd, test_mode=True)
