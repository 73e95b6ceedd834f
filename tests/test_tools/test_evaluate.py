"""tools/evaluate.py from the command line."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from moefusion.metrics import METRIC_NAMES


def test_thermal_images_need_a_range_and_score_as_their_8_bit_ones(evaluate, folders):
    evaluate()
    expected = (folders / 'out' / 'per_image.csv').read_text()
    for stem in ('one', 'two', 'three'):
        path = folders / 'ir' / f'{stem}.png'
        counts = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).astype(np.uint16) * 100 + 20000
        cv2.imwrite(str(path), counts)
    with pytest.raises(SystemExit, match='uint16 values'):
        evaluate()
    evaluate('--infrared-range', 20000, 45500)
    assert (folders / 'out' / 'per_image.csv').read_text() == expected
    settings = json.loads((folders / 'out' / 'scores.json').read_text())['settings']
    assert settings['infrared_range'] == [20000, 45500]
    assert 'infrared range' in evaluate('--infrared-range', 'auto')
    cv2.imwrite(str(folders / 'ir' / 'two.png'), (counts // 256).astype(np.uint8))
    with pytest.raises(SystemExit, match=r'1 of 8 bits \(.*two\.png\); 2 of more than 8 bits'):
        evaluate('--infrared-range', 20000, 45500)


def test_writes_every_file(evaluate, folders):
    printed = evaluate('--paper', 'm3fd')
    out = folders / 'out'
    assert {file.name for file in out.iterdir()} == {
        'per_image.csv',
        'mean_whole.md',
        'mean_whole.csv',
        'mean_whole.tex',
        'scores.json',
        'scored.jsonl',
        'distributions_whole.png',
    }
    rows = list(csv.DictReader((out / 'per_image.csv').open()))
    assert len(rows) == 6 and {row['region'] for row in rows} == {'whole'}
    means = {
        row['method']: row
        for row in csv.DictReader((out / 'mean_whole.csv').open())
        if row['values'] == 'measured'
    }
    for method in 'xy':
        values = [float(row['Qabf']) for row in rows if row['method'] == method]
        assert float(means[method]['Qabf']) == pytest.approx(sum(values) / 3, abs=1e-12)
    assert '3 images scored, 0 left out' in printed and '| x | measured |' in printed
    assert '| MoE-Fusion | published, Table 1 | <u>7.0018</u> |' in printed
    record = json.loads((out / 'scores.json').read_text())
    assert record['settings']['protocol'] == 'literature' and 'MATLAB' in record['convention']
    assert record['images'] == ['one', 'three', 'two'] and record['left_out'] == {}
    figure = cv2.imread(str(out / 'distributions_whole.png'))
    assert figure.shape[1] > 1000 and figure.std() > 10


def test_regions_from_annotations(evaluate, folders):
    (folders / 'ann').mkdir()
    box = '<bndbox><xmin>5</xmin><ymin>5</ymin><xmax>40</xmax><ymax>30</ymax></bndbox>'
    for stem in ('one', 'two', 'three'):
        objects = '' if stem == 'two' else f'<object><name>car</name>{box}</object>'
        (folders / 'ann' / f'{stem}.xml').write_text(f'<annotation>{objects}</annotation>')
    printed = evaluate('--ann', folders / 'ann', '--paper', 'LLVIP', '--protocol', 'standard')
    assert all(f'published, Table {number}' in printed for number in (1, 6, 7))
    assert '1 images without boxes have no foreground' in printed
    assert 'the protocols differ' in printed
    rows = list(csv.DictReader((folders / 'out' / 'per_image.csv').open()))
    count = {
        region: sum(row['region'] == region for row in rows)
        for region in ('whole', 'foreground', 'background')
    }
    assert count == dict(whole=6, foreground=4, background=6)
    printed = evaluate('--ann', folders / 'ann', '--regions', 'foreground')
    assert '1 images without boxes have no foreground' in printed  # where it is all that is scored


def test_a_region_that_no_image_has_is_said(evaluate, folders):
    (folders / 'ann').mkdir()
    box = '<bndbox><xmin>5</xmin><ymin>5</ymin><xmax>40</xmax><ymax>30</ymax></bndbox>'
    words = '--ann', folders / 'ann', '--regions', 'whole', 'foreground'
    for difficult in (0, 1):
        parts = f'<name>car</name><difficult>{difficult}</difficult>{box}'
        for stem in ('one', 'two', 'three'):
            file = folders / 'ann' / f'{stem}.xml'
            file.write_text(f'<annotation><object>{parts}</object></annotation>')
        printed = evaluate(*words)
        note = '- No image has a box to score, so the foreground has no table.'
        left = 'distributions_foreground.png, mean_foreground.csv, mean_foreground.md, mean_'
        table = (folders / 'out' / 'mean_whole.md').read_text()
        assert [text in printed for text in (note, f'not of this one, are {left}')] == [
            difficult
        ] * 2
        assert (note in table) == bool(difficult)
    with pytest.raises(SystemExit, match='no table'):
        evaluate(*words[:-2], 'foreground')


def test_two_methods_of_one_folder_are_refused(evaluate, folders, capsys):
    with pytest.raises(SystemExit):
        evaluate('--fused', f'x={folders / "x"}', f'y={folders / "y" / ".." / "x"}')
    assert 'two methods have one folder' in capsys.readouterr().err


def test_what_is_left_out_is_printed_and_recorded(evaluate, folders):
    (folders / 'x' / 'one.png').unlink()
    cv2.imwrite(str(folders / 'y' / 'two.png'), np.zeros((50, 60), np.uint8))
    printed = evaluate()
    assert '1 images scored, 2 left out' in printed
    assert 'left out one: missing in fused x' in printed and 'left out two: ' in printed
    record = json.loads((folders / 'out' / 'scores.json').read_text())
    assert sorted(record['left_out']) == ['one', 'two'] and record['images'] == ['three']
    footer = '- 2 images are left out, such as one (missing in fused x); scores.json names all.'
    assert footer in printed and footer in (folders / 'out' / 'mean_whole.md').read_text()


@pytest.mark.parametrize(
    'arguments, says',
    [
        (['--detect', 'config.py', 'weights.pth'], '--ann'),
        (['--coco-detector'], '--ann'),
        (['--detect', 'config.py', '--ann', 'boxes.json'], 'one or more checkpoints'),
        (['--regions', 'foreground'], '--ann'),
        (['--protocol', 'matlab'], 'invalid choice'),
    ],
)
def test_wrong_arguments(evaluate, capsys, arguments, says):
    with pytest.raises(SystemExit) as error:
        evaluate(*arguments)
    assert error.value.code == 2 and says in capsys.readouterr().err


def test_user_errors_are_one_line(evaluate, folders):
    with pytest.raises(SystemExit, match='error: .*nowhere: there is no such folder'):
        evaluate(methods=('x', 'nowhere'))
    for stem in ('one', 'two', 'three'):
        (folders / 'x' / f'{stem}.png').write_text('broken')
    with pytest.raises(SystemExit, match='no image is left to score'):
        evaluate()


def test_fusion_tables_need_no_mm(folders, repo_root):
    code = (
        'import runpy, sys\n'
        'class Block:\n'
        '    def find_spec(self, name, path=None, target=None):\n'
        '        assert name.split(".")[0] not in ("mmengine", "mmcv", "mmdet"), name\n'
        'sys.meta_path.insert(0, Block())\n'
        'runpy.run_path(sys.argv[1], run_name="__main__")\n'
    )
    code = code.replace('sys.argv[1]', repr(str(repo_root / 'tools' / 'evaluate.py')))
    words = '--visible vi --infrared ir --fused x=x --out-dir out'.split()
    subprocess.run([sys.executable, '-c', code, *words], check=True, cwd=folders)
    assert (folders / 'out' / 'mean_whole.md').is_file()


@pytest.mark.parametrize(
    'arguments, says',
    [
        (['--scores', 'none.csv'], 'none.csv: there is no such file'),
        (['--scores', 'two.csv'], 'earlier has no scores of image two'),
        (['--cues', 'cues.json'], 'outside its image, 60 x 48'),
        (['--cues', 'none.json'], 'no image of the test set has a cue in that file'),
        (['--ann', 'ann', '--detect', 'none.py', 'a.pth'], 'none.py: there is no such config file'),
        (['--ann', 'ann', '--detect', 'none.py', 'a.pth', '--device', 'x'], "device 'x' is none"),
    ],
)
def test_other_files_are_checked_before_the_scoring(
    evaluate, folders, scored, monkeypatch, arguments, says
):
    monkeypatch.chdir(folders)
    values = ''.join(f'earlier,{stem}{",1" * 8}\n' for stem in ('one', 'three'))
    Path('two.csv').write_text(f'method,image,{",".join(METRIC_NAMES)}\n{values}')
    cue = dict(id=1, image_id=1, category_id=1, bbox=[60, 3, 9, 9], source='visible')
    cues = dict(
        images=[dict(id=1, file_name='one.png')],
        annotations=[cue],
        categories=[dict(id=1, name='lamp')],
    )
    Path('cues.json').write_text(json.dumps(cues))
    Path('none.json').write_text(json.dumps(dict(cues, annotations=[])))
    Path('ann').mkdir()
    for stem in ('one', 'two', 'three'):
        Path(f'ann/{stem}.xml').write_text('<annotation></annotation>')
    with pytest.raises(SystemExit, match=says):
        evaluate(*arguments)
    assert set(scored) <= {'two'}  # to know whether it can be scored


def test_given_scores_may_lack_what_cannot_be_scored(evaluate, folders):
    broken = folders / 'x' / 'two.png'
    broken.write_bytes(broken.read_bytes()[:-50])
    assert '2 images scored, 1 left out' in evaluate(methods=['x'])
    rows = (folders / 'out' / 'per_image.csv').read_text().replace(',x,', ',earlier,')
    (folders / 'earlier.csv').write_text(rows)
    printed = evaluate('--scores', folders / 'earlier.csv')
    assert 'With the scores of earlier' in printed and '2 images scored, 1 left out' in printed


@pytest.mark.slow
def test_reference_table_from_the_command_line(repo_root, shared, tmp_path):
    """Both methods on the ten TNO pairs: the means of the published values."""
    tno = shared / 'metrics' / 'tno'
    if not tno.is_dir():
        pytest.skip('no TNO pairs')
    words = '--visible vi --infrared ir --fused DenseFuse=DenseFuse SeAFusion=SeAFusion --workers 2'
    call = [sys.executable, repo_root / 'tools' / 'evaluate.py', *words.split()]
    subprocess.run([*call, '--out-dir', tmp_path], check=True, cwd=tno)
    published = list(csv.DictReader((shared / 'metrics' / 'tno_reference.csv').open()))
    for row in csv.DictReader((tmp_path / 'mean_whole.csv').open()):
        for name in ('EN', 'SF', 'SD', 'MI', 'VIF', 'AG', 'SCD', 'Qabf'):
            values = [float(one[name]) for one in published if one['method'] == row['method']]
            assert len(values) == 10
            assert float(row[name]) == pytest.approx(sum(values) / 10, abs=1e-6)


def test_given_scores_are_ranked_along(evaluate, folders):
    evaluate(methods=['x'])
    rows = (folders / 'out' / 'per_image.csv').read_text().replace(',x,', ',earlier,')
    (folders / 'earlier.csv').write_text(rows)
    printed = evaluate('--scores', folders / 'earlier.csv', methods=['x', 'y'])
    assert 'With the scores of earlier from' in printed
    means = {
        row['method']: row for row in csv.DictReader((folders / 'out' / 'mean_whole.csv').open())
    }
    assert set(means) == {'x', 'y', 'earlier'}
    assert means['earlier']['VIF'] == means['x']['VIF'] != means['y']['VIF']
