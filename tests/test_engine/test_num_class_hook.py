"""EarlyNumClassCheckHook: wrong class counts are refused before the first step, and named."""

from types import SimpleNamespace

import pytest
import torch
from mmdet.datasets import BaseDetDataset
from mmengine.dataset import BaseDataset, ConcatDataset, RepeatDataset
from mmengine.model import BaseModel
from torch import nn

from moefusion.engine import EarlyNumClassCheckHook


class Data(BaseDataset):
    """Two numbers, with classes."""

    METAINFO = dict(classes=('person', 'bicycle', 'car'))
    labelled = True

    def load_data_list(self):
        return [dict(value=1.0), dict(value=2.0)]


class Boxes(BaseDetDataset):
    """One image with boxes of the given labels."""

    METAINFO = Data.METAINFO

    def __init__(self, *labels, ignored=(), folder='Vis', **kwargs):
        self.folder = folder
        self.found = [dict(bbox_label=each, ignore_flag=int(each in ignored)) for each in labels]
        super().__init__(**kwargs)

    def load_data_list(self):
        found = dict(instances=self.found)
        return [dict(found, img_id=n, img_path=f'{self.folder}/{n}.png', value=1.0) for n in (0, 1)]


class Head(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes


class Detector(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.rpn_head = Head(1)  # objects or not, whatever the data
        self.roi_head = nn.Module()
        self.roi_head.bbox_head = Head(num_classes)


class TwoDetectors(BaseModel):
    """Two detectors and a weight to train."""

    def __init__(self, visible=3, infrared=3):
        super().__init__()
        self.visible_detector, self.infrared_detector = Detector(visible), Detector(infrared)
        self.weight, self.steps = nn.Parameter(torch.ones(1)), 0

    def forward(self, mode='tensor', **data):
        self.steps += mode == 'loss'
        return dict(loss=self.weight.sum()) if mode == 'loss' else [{}]


def metric(num_classes, trained=(), listed=None, by_id=False):
    from mmengine.evaluator import BaseMetric

    class Nothing(BaseMetric):
        detector = Detector(num_classes)
        detector.trained_classes = trained
        if by_id or listed:
            _coco_api = listed and SimpleNamespace(dataset=dict(images=listed))

        def process(self, data_batch, data_samples):
            self.results.append(0)

        def compute_metrics(self, results):
            return {}

    return Nothing()


@pytest.fixture
def run(make_runner):
    """Run ``method`` with the hook alone, on the given data sets; returns the model's steps."""

    def make(model, train=None, val=None, method='train', judge=3, of_metric=None, **options):
        loaders = {}
        for split, data in (('train', train), ('val', val), ('test', val)):
            loader = make_runner.loader(1)
            loader['dataset'] = data or Data()
            loaders[f'{split}_dataloader'] = loader
        runner = make_runner(
            model,
            hooks=[dict(type='EarlyNumClassCheckHook')],
            val_cfg=dict(),
            val_evaluator=[metric(judge)],
            test_cfg=dict(),
            test_evaluator=[metric(judge, **(of_metric or {}))],
            **loaders,
            **options,
        )
        try:
            getattr(runner, method)()
        finally:
            assert model.steps == 2 * runner.epoch  # two epochs of one batch, or none
        return model.steps

    return make


def named(*classes):
    return Data(metainfo=dict(classes=classes))


def test_right_counts_train(run):
    assert run(TwoDetectors(), ConcatDataset([Data(), Data()])) > 0


@pytest.mark.parametrize('modality', ['visible', 'infrared'])
@pytest.mark.parametrize('method', ['train', 'val', 'test'])
def test_a_wrong_head_is_refused(run, modality, method):
    model = TwoDetectors(**{modality: 6})
    place = rf'{modality}_detector\.roi_head\.bbox_head\.num_classes is 6, but {method}_dataloader'
    with pytest.raises(ValueError, match=place + '.* has 3 classes.*Set num_classes=3'):
        run(model, method=method)
    assert model.steps == 0


@pytest.mark.parametrize(
    'wrap', [lambda data: RepeatDataset(data, 2), lambda d: ConcatDataset([d])]
)
def test_wrapped_data_sets_are_looked_into(run, wrap):
    model = TwoDetectors()
    with pytest.raises(ValueError, match=r'train_dataloader\.dataset\.dataset.* has 2 classes'):
        run(model, wrap(named('person', 'car')), named('person', 'car'))
    assert model.steps == 0


def test_the_second_of_several_data_sets_is_looked_at(run):
    both = ConcatDataset([Data(), named('car', 'person', 'bicycle')], ignore_keys='classes')
    with pytest.raises(ValueError, match=r'datasets\.1 has the classes .*in one order'):
        run(TwoDetectors(), both)


def test_validation_data_are_checked_before_training(run):
    model = TwoDetectors()
    with pytest.raises(ValueError, match=r'val_dataloader\.dataset has the classes'):
        run(model, val=named('car', 'bicycle', 'person'))
    assert model.steps == 0


def test_the_detector_that_judges_is_checked(run):
    place = r'test_evaluator\.0\.detector\.roi_head\.bbox_head\.num_classes is 2'
    with pytest.raises(ValueError, match=place):
        run(TwoDetectors(), method='test', judge=2)


def test_a_string_is_no_tuple_of_classes(run):
    with pytest.raises(ValueError, match=r"the string 'person'.*classes=\('person',\)"):
        run(TwoDetectors(1, 1), Data(metainfo=dict(classes='person')))


def test_pairs_without_boxes_may_have_other_classes(run):
    unlabelled = named('person')
    unlabelled.labelled = False
    run(TwoDetectors(), ConcatDataset([Data(), unlabelled], ignore_keys='classes'))


def test_classes_that_no_annotation_has_are_refused(run):
    with pytest.raises(ValueError, match=r"no annotation .* the classes \['bicycle'\]"):
        run(TwoDetectors(), RepeatDataset(Boxes(0, 2, 2), 2), Boxes(0))
    with pytest.raises(ValueError, match=r"\['bicycle', 'car', 'person'\]"):
        run(TwoDetectors(), Boxes(), Boxes())
    assert run(TwoDetectors(), RepeatDataset(Boxes(0, 2), 2), Boxes(1)) > 0


@pytest.mark.parametrize('order', [('car', 'person', 'bicycle'), ('person', 'car')])
def test_a_checkpoint_of_other_classes_is_tested_and_resumed_by_none(run, tmp_path, order):
    model = TwoDetectors()
    checkpoint = dict(state_dict=model.state_dict(), meta=dict(dataset_meta=dict(classes=order)))
    torch.save(checkpoint, tmp_path / 'trained.pth')
    weights = str(tmp_path / 'trained.pth')
    with pytest.raises(ValueError, match='the checkpoint was trained with'):
        run(model, method='test', load_from=weights)
    assert (
        run(model, RepeatDataset(Data(), 2), load_from=weights) > 0
    )  # weights to start from may know other classes
    hook = EarlyNumClassCheckHook()
    loop = SimpleNamespace(dataloader=SimpleNamespace(dataset=Data()))
    resumed = SimpleNamespace(_resume=True, model=model, train_loop=loop, val_loop=None)
    hook.after_load_checkpoint(resumed, checkpoint)
    with pytest.raises(ValueError, match='the checkpoint was trained with'):
        hook.before_train(resumed)


def test_classes_of_ignored_boxes_alone_are_refused(run):
    with pytest.raises(ValueError, match=r"the classes \['car'\], or all are ignored"):
        run(TwoDetectors(), Boxes(0, 1, 2, ignored=[2]), Boxes(0, 1))


def test_a_judge_that_was_trained_with_another_order_is_refused(run):
    others = 'person', 'car', 'bicycle'
    with pytest.raises(ValueError, match=r'test_evaluator\.0\.detector was trained with .*bicycle'):
        run(TwoDetectors(), method='test', of_metric=dict(trained=others))
    run(TwoDetectors(), method='test', of_metric=dict(trained=Data.METAINFO['classes']))


@pytest.mark.parametrize(
    ('names', 'words'),
    [
        (['0.png', 'sub/1.jpg'], None),
        (['0.png', '9.png'], r'1 it has not, such as 1 \(Vis/1\.png\)'),
        (['0.png'], '1 it has not'),
        (['0.png', '1.png', '2.png'], r'1 it has besides, such as 2\.png'),
    ],
)
def test_the_json_of_a_metric_must_be_the_data_sets(run, names, words):
    listed = [dict(id=number, file_name=name) for number, name in enumerate(names)]
    options = dict(val=Boxes(0, 1, 2), method='test', of_metric=dict(listed=listed))
    if words is None:
        run(TwoDetectors(), **options)
        return
    with pytest.raises(ValueError, match=rf'test_evaluator\.0\.ann_file is of other .*{words}'):
        run(TwoDetectors(), **options)


def test_ids_that_two_data_sets_have_are_refused_where_a_metric_goes_by_them(run):
    joined = ConcatDataset([Boxes(0), Boxes(1, 2, folder='night')])
    run(TwoDetectors(), val=joined, method='test')
    with pytest.raises(ValueError, match=r'Vis/0\.png and night/0\.png both have the id 0'):
        run(TwoDetectors(), val=joined, method='test', of_metric=dict(by_id=True))


def test_a_checkpoint_of_another_network_is_not_resumed_nor_started_from(run, tmp_path):
    hook, model = EarlyNumClassCheckHook(), TwoDetectors()
    other = nn.Linear(2, 2)
    runner = SimpleNamespace(_resume=False, model=model)
    with pytest.raises(ValueError, match=r'^load_from: no weight .*1 missing, such as weight'):
        hook.after_load_checkpoint(runner, dict(state_dict=dict(bias=other.bias)))
    hook.after_load_checkpoint(runner, dict(state_dict=dict(model.state_dict(), bias=other.bias)))
    runner._resume = True
    with pytest.raises(ValueError, match=r'to resume is of another .*1 unknown, such as bias'):
        hook.after_load_checkpoint(
            runner, dict(state_dict=dict(model.state_dict(), bias=other.bias))
        )
