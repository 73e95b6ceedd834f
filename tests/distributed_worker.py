"""What test_distributed.py runs, once alone and once in two processes by torchrun.

Argument: folder for the results. Each process takes its share of one global batch of four pairs,
computes the gradients of MoEFusion's joint loss twice, and writes them with the usage of the
experts, the load statistics and the loss terms. With ``--detectors`` the model has detectors, and
only the last two of the pairs have labels: none of the first rank's.
"""

import os
import sys
from pathlib import Path

import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

import moefusion.plugin  # noqa: F401
from moefusion.apis.launch import init_cpu_process_group
from moefusion.losses import JointLoss

SIZES = (24, 32), (24, 32), (17, 23), (24, 32)


def noise_of_the_sample(logits):
    """Stands in for torch.randn_like: fixed by a sample's logits, whichever batch it is in."""
    return torch.sin(7 * logits.detach())


def global_batch(labelled):
    """The third pair is dark in the visible, the others in the infrared image."""
    pairs, samples = [], []
    for number, size in enumerate(SIZES):
        pair = torch.randint(100, 256, (4, *size), dtype=torch.uint8)
        if number == 2:
            pair[:3] = 0
        else:
            pair[3] = 0
        sample = DetDataSample(metainfo=dict(img_shape=size, ori_shape=size))
        sample.gt_instances = InstanceData()
        if number in labelled:
            sample.gt_instances.bboxes = torch.tensor([[2.0, 3.0, 12.0, 15.0]])
            sample.gt_instances.labels = torch.zeros(1, dtype=torch.long)
        pairs.append(pair)
        samples.append(sample)
    return pairs, samples


def build_model(detectors):
    """Gates that send what is bright in the visible image to experts 0 and 1, else to 2 and 3."""
    model = MODELS.build(
        dict(
            detectors,
            type='MoEFusion',
            fusion=dict(local_grid=(2, 3), global_grid=(2, 2), global_widths=(8, 8, 4)),
        )
    )
    for gate in model.fusion.gates().values():
        gate.standard = torch.nn.Identity()  # of one batch alone, statistics differ by rank
    model.statistics.momentum = 1.0  # the load of this batch alone
    with torch.no_grad():
        for encoder in (model.fusion.visible_encoder, model.fusion.infrared_encoder):
            for name, parameter in encoder.named_parameters():
                parameter.abs_() if name.endswith('weight') else parameter.zero_()
        # Logits of about 0.45 against 0: decided, but not beyond the reach of the noise, 0.2
        for mixture, size in (
            (model.fusion.local.foreground, 3.1e-5),
            (model.fusion.local.background, 7.0e-4),
            (model.fusion.decoder, 7.2e-5),
        ):
            weight = mixture.gate.weight.view(-1, 1, *mixture.gate.grid, 4)  # channel, ...
            channels = len(weight)
            visible, infrared = (
                (slice(0, 16), slice(16, 32)) if channels == 32 else (slice(96, 160), slice(32, 96))
            )  # x_f: local, infrared, visible
            weight[visible, ..., :2] += size
            weight[infrared, ..., 2:] += size
    return model


def lite_detectors():
    """Those of the lite configs, without weights from the net, and the attention's loss."""
    init_default_scope('mmdet')
    base = Path(__file__).parents[1] / 'configs/_base_/models/moefusion_lite.py'
    model = Config.fromfile(base).model
    detectors = {name: model[name] for name in ('visible_detector', 'infrared_detector')}
    for detector in detectors.values():
        detector.backbone.init_cfg = None
        detector.train_cfg.rpn_proposal.update(nms_pre=50, max_per_img=20)
        detector.train_cfg.rcnn.sampler.num = 16
    return dict(detectors, attention_loss=True)


def main(folder, *options):
    detectors = '--detectors' in options
    rank, ranks = int(os.environ.get('RANK', 0)), int(os.environ.get('WORLD_SIZE', 1))
    torch.manual_seed(0)
    model = build_model(lite_detectors() if detectors else {})
    # A large weight, so that the load losses show in the gradients
    model.join_losses = JointLoss(dict(load=10.0))
    pairs, samples = global_batch(labelled=(2, 3) if detectors else range(4))
    share = slice(rank * 4 // ranks, (rank + 1) * 4 // ranks)
    torch.randn_like = noise_of_the_sample
    wrapped = model
    if ranks > 1:
        init_cpu_process_group('pytorch')
        wrapped = MMDistributedDataParallel(model, broadcast_buffers=False)
    usage = {}
    for name, mixture in (*model.fusion.local.items(), ('global', model.fusion.decoder)):
        usage[name] = [0] * 4
        for number, expert in enumerate(mixture.experts):

            def count(module, inputs, name=name, number=number):
                usage[name][number] += len(inputs[0])

            expert.register_forward_pre_hook(count)
    for _ in range(2):  # DDP reports a parameter that was left out at the next iteration
        model.zero_grad()
        data = model.data_preprocessor(dict(inputs=pairs[share], data_samples=samples[share]), True)
        losses = wrapped(**data, mode='loss')
        total, log = model.parse_losses(losses)
        total.backward()
    torch.save(
        dict(
            usage=usage,
            log={name: value.item() for name, value in log.items()},
            gradients={name: p.grad for name, p in model.named_parameters()},
        ),
        Path(folder, f'rank{rank}of{ranks}.pth'),
    )


if __name__ == '__main__':
    main(*sys.argv[1:])
