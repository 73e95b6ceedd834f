"""JointLoss: weights, schedules, the log, and what it refuses."""

import pytest
import torch
from mmengine.config import ConfigDict

from moefusion.losses import JointLoss


def terms(**changes):
    """Unweighted terms as MoEFusion names them, each a different power of two."""
    values = {
        'fusion.loss_pixel_foreground': 1.0,
        'fusion.loss_pixel_background': 2.0,
        'fusion.loss_gradient': 4.0,
        'load.loss_local_foreground': 8.0,
        'load.loss_local_background': 16.0,
        'load.loss_global': 32.0,
        'visible.loss_cls': 64.0,
        'infrared.loss_cls': 128.0,
        **changes,
    }
    return {
        name: value if isinstance(value, (list, torch.Tensor)) else torch.tensor(value)
        for name, value in values.items()
    }


def test_default_weights():
    """Equation 5 with alpha = 10, the load factors of the authors' code, and both detectors."""
    total, log = JointLoss()(terms())
    fusion, load = 1 + 2 + 10 * 4, 0.01 * 8 + 0.01 * 16 + 0.02 * 32
    assert total.item() == pytest.approx(fusion + load + 64 + 128)
    assert log['loss'] is total
    assert {name: log[name].item() for name in log if name.startswith('loss_')} == pytest.approx(
        dict(loss_fusion=fusion, loss_load=load, loss_visible=64, loss_infrared=128)
    )


def test_terms_are_logged_as_they_came_and_others_do_not_count():
    total, log = JointLoss()(terms(**{'visible.acc': 99.0, 'gates.global': 0.3}))
    assert total.item() == pytest.approx(JointLoss()(terms())[0].item())
    assert log['fusion.loss_gradient'] == 4
    assert log['visible.acc'] == 99 and log['gates.global'].item() == pytest.approx(0.3)
    assert 'loss_gates' not in log


def test_lists_are_summed_and_tensors_averaged():
    levels = [torch.tensor(1.0), torch.tensor([2.0, 4.0])]
    _, log = JointLoss()({'visible.loss_rpn_cls': levels})
    assert log['visible.loss_rpn_cls'] == log['loss'] == 1 + 3


def test_one_weight_for_a_group_and_weights_by_term():
    joint = JointLoss(dict(fusion=0.5, visible=dict(loss_cls=3.0)))
    _, log = joint(terms(**{'visible.loss_bbox': 5.0}))
    assert log['loss_fusion'] == 0.5 * (1 + 2 + 4)
    assert log['loss_visible'] == 3 * 64 + 5


def test_terms_left_out_keep_their_default():
    _, log = JointLoss(dict(load=dict(loss_global=1.0), fusion=dict(loss_pixel_foreground=0.0)))(
        terms()
    )
    assert log['loss_load'].item() == pytest.approx(0.01 * 8 + 0.01 * 16 + 32)
    assert log['loss_fusion'] == 2 + 10 * 4


def test_weight_zero_keeps_the_graph():
    value = torch.tensor(2.0, requires_grad=True)
    JointLoss(dict(visible=0.0))({'visible.loss_cls': value})[0].backward()
    assert value.grad == 0


@pytest.mark.parametrize(
    'iteration, expected', [(0, 0.2), (10, 0.2), (11, 0.28), (15, 0.6), (20, 1.0), (10_000, 1.0)]
)
def test_schedule(iteration, expected):
    joint = JointLoss(ConfigDict(visible=dict(start=0.2, end=1.0, begin=10, until=20)))
    joint.iteration = iteration
    _, log = joint(terms())
    assert log['loss_visible'].item() == pytest.approx(expected * 64)


def test_schedule_of_one_term_falls():
    joint = JointLoss(dict(fusion=dict(loss_gradient=dict(start=10.0, end=0.0, until=4))))
    totals = []
    for joint.iteration in (0, 1, 4):
        totals.append(joint(terms())[1]['loss_fusion'].item())
    assert totals == [3 + 40, 3 + 30, 3]


@pytest.mark.parametrize(
    'weights, name',
    [
        (dict(fusion='big'), 'fusion'),
        (dict(fusion=None), 'fusion'),
        (dict(load=dict(loss_global='1')), 'load.loss_global'),
        (dict(visible=dict(start=0.0, end=1.0)), 'visible'),
        (dict(visible=dict(start=0.0, until=9)), 'visible'),
        (dict(visible=dict(start=0.0, end=1.0, begin=9, until=9)), 'visible'),
    ],
)
def test_bad_weight(weights, name):
    with pytest.raises(ValueError, match=rf'weights: {name} must be a number or dict\('):
        JointLoss(weights)


@pytest.mark.parametrize(
    'weights, name',
    [
        (dict(fusoin=1.0), 'fusoin'),
        (dict(fusion=dict(loss_grad=1.0)), 'fusion.loss_grad'),
        (dict(visible=dict(loss=2.0)), 'visible.loss'),
    ],
)
def test_a_misspelt_name_is_refused(weights, name):
    with pytest.raises(KeyError, match=rf'the model has no loss {name}; it has fusion.loss_pixel'):
        JointLoss(weights)(terms())


def test_weights_for_parts_that_are_configured_away():
    """One set of weights serves models without background mixture or detectors."""
    weights = dict(load=dict(loss_local_background=0.5), visible=2.0, infrared=2.0)
    present = {
        name: value
        for name, value in terms().items()
        if name.startswith('fusion') or name == 'load.loss_global'
    }
    assert JointLoss(weights)(present)[0].item() == pytest.approx(1 + 2 + 40 + 0.02 * 32)


def test_weights_of_a_detector_whose_batch_has_no_labels():
    """Its terms are missing in that batch alone, while the other's are still checked."""
    idle = {'visible.loss_unlabelled': torch.tensor(0.0), 'infrared.loss_cls': torch.tensor(4.0)}
    by_term = dict(loss_attention=0.5)
    assert JointLoss(dict(visible=by_term))(idle)[0] == 4
    with pytest.raises(KeyError, match='the model has no loss infrared.loss_attention'):
        JointLoss(dict(visible=by_term, infrared=by_term))(idle)


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf')])
def test_not_finite(value):
    joint = JointLoss()
    joint.iteration = 17
    with pytest.raises(FloatingPointError) as error:
        joint(terms(**{'fusion.loss_gradient': value}))
    message = str(error.value)
    assert 'at iteration 17' in message and f'fusion.loss_gradient = {value}' in message
    assert 'loss_pixel' not in message and 'learning rate' in message


def test_not_finite_within_a_list():
    with pytest.raises(FloatingPointError, match='visible.loss_rpn_cls = nan'):
        JointLoss()(
            terms(**{'visible.loss_rpn_cls': [torch.tensor(1.0), torch.tensor(float('nan'))]})
        )


def test_a_statistic_may_be_infinite():
    assert JointLoss()(terms(**{'gates.global': float('inf')}))[0].isfinite()


def test_gradients_carry_the_weights():
    values = {name: value.requires_grad_() for name, value in terms().items()}
    JointLoss()(values)[0].backward()
    assert values['fusion.loss_gradient'].grad == 10
    assert values['load.loss_global'].grad.item() == pytest.approx(0.02)
    assert values['infrared.loss_cls'].grad == 1
