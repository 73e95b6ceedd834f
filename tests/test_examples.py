"""The examples run as they are written."""

import json
import re
from pathlib import Path

import numpy as np
from mmdet.registry import DATASETS
from mmengine.config import Config

from moefusion.synthetic import make_demo_data

ROOT = Path(__file__).resolve().parents[1]


def test_notebook_runs_and_beats_the_plain_mean():
    cells = json.loads((ROOT / 'examples/fuse_and_score.ipynb').read_text())['cells']
    names = {}
    for cell in cells:
        if cell['cell_type'] == 'code':
            exec(''.join(cell['source']), names)
    means = names['scores'].groupby(level=0).mean()[['EN', 'SF', 'AG', 'VIF', 'Qabf']]
    assert (means.loc['fused'] > means.loc['mean']).all()
    assert len(names['results']) == 4
    for result in names['results']:
        assert all(np.count_nonzero(weights) == 2 for weights in result.gates.values())


def test_config_of_your_own_pairs_reads_them(tmp_path):
    text = (ROOT / 'examples/your_own_data.md').read_text()
    config = re.search(r'```python\n(.*?)```', text, re.DOTALL).group(1)
    file = tmp_path / 'mine.py'
    file.write_text(config.replace("'./", f"'{ROOT}/configs/"))
    make_demo_data(tmp_path / 'mine', train=3, test=1, size=(160, 128))
    pairs = Config.fromfile(file).train_dataloader.dataset
    dataset = DATASETS.build(dict(pairs, data_root=str(tmp_path / 'mine')))
    assert len(dataset) == 4
    assert dataset[0]['inputs'].shape[0] == 4
