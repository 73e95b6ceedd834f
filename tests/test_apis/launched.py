"""What test_launch.py starts in several processes: a Runner that trains a toy on CPUs.

Arguments: launcher, folder for the results. Each process writes its rank, the backend, its weight
after training and the samples it saw.
"""

import json
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset

from moefusion.apis.launch import prepare_distributed

SEEN = []


class Numbers(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return torch.tensor([float(index)])


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, mode='tensor'):
        SEEN.extend(inputs.flatten().tolist())
        return dict(loss=(self.weight * inputs).mean())


def collate(samples):
    return dict(inputs=torch.stack(samples))


def main(launcher, folder):
    cfg = Config(dict(env_cfg=dict(dist_cfg=dict(backend='nccl', timeout=900))))
    prepare_distributed(cfg, launcher)
    runner = Runner(
        model=Line(),
        work_dir=folder,
        launcher=cfg.launcher,
        env_cfg=cfg.env_cfg,
        cfg=cfg,
        log_level='ERROR',
        train_dataloader=dict(
            dataset=Numbers(),
            batch_size=2,
            num_workers=0,
            collate_fn=collate,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1.0)),
        train_cfg=dict(by_epoch=True, max_epochs=1),
    )
    model = runner.train()
    result = dict(
        backend=torch.distributed.get_backend() if runner.distributed else None,
        wrapped=type(model).__name__,
        seen=SEEN,
        weight=float(getattr(model, 'module', model).weight.detach()),
    )
    Path(folder, f'rank{runner.rank}.json').write_text(json.dumps(result))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2])
