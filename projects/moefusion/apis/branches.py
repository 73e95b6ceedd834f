"""Joins exported programs to one ONNX graph, of which a run takes one branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir
from onnx_ir import Graph, Value
from onnx_ir.convenience import replace_all_uses_with


def as_branch(
    graph: Graph, name: str, inputs: Mapping[str, Value], outputs: Sequence[Value]
) -> Graph:
    """Make an exported graph a branch: it reads values of the graph around it.

    Its weights stay its own: onnxruntime lays out a convolution's weights for the processor only
    where they belong to the convolution's graph.

    Args:
        graph (Graph): it is changed.
        name (str): what its values' names begin with, for no two branches may share one.
        inputs (Mapping[str, Value]): of the graph around it, by the names of the branch's inputs.
        outputs (Sequence[Value]): what all branches give; what this one does not is empty.
    """
    given = {value.name: value for value in graph.outputs}
    for value in graph.inputs:
        replace_all_uses_with(value, inputs[str(value.name)])
    graph.inputs.clear()
    graph.outputs.clear()
    graph.name = name
    for node in graph:
        for value in node.outputs:
            value.name = f'{name}.{value.name}'
    for value in list(graph.initializers.values()):
        value.name = f'{name}.{value.name}'
    for output in outputs:
        if output.name in given:
            graph.outputs.append(given[output.name])
            continue
        assert output.dtype is not None and output.shape is not None
        empty = np.zeros((0,) * len(output.shape), output.dtype.numpy())
        node = onnx_ir.node('Constant', [], {'value': onnx_ir.tensor(empty)})
        (value,) = node.outputs
        value.name, value.type = f'{name}.no_{output.name}', output.type
        value.shape = onnx_ir.Shape(empty.shape)
        graph.append(node)
        graph.outputs.append(value)
    return graph


def pass_on(value: Value, name: str) -> Graph:
    """A branch that gives a value of the graph around it as it is."""
    node = onnx_ir.node('Identity', [value])
    _named(node, f'{name}.', [value])
    return Graph([], node.outputs, nodes=[node], name=name)


def choose(
    chooser: Value, branches: Mapping[int, Graph], outputs: Sequence[Value]
) -> tuple[list[onnx_ir.Node], Sequence[Value]]:
    """Nodes that run one branch: the first whose number is not below ``chooser``, or the last.

    Args:
        chooser (Value): an int64 of no dimensions.
        branches (Mapping[int, Graph]): two or more, by ascending numbers.
        outputs (Sequence[Value]): what all branches give.

    Returns:
        tuple[list[onnx_ir.Node], Sequence[Value]]: the nodes, and their outputs, named after
        ``outputs``.
    """
    (number, branch), *others = branches.items()
    rest = others[0][1]
    if len(others) > 1:
        nodes, values = choose(chooser, dict(others), outputs)
        rest = Graph([], values, nodes=nodes, name=f'not_{branch.name}')
        for value in values:
            value.name = f'{rest.name}.{value.name}'
    constant = onnx_ir.node('Constant', [], {'value_int': number})
    test = onnx_ir.node('LessOrEqual', [chooser, *constant.outputs])
    constant.outputs[0].name, test.outputs[0].name = f'{branch.name}.last', f'{branch.name}.is_it'
    attributes = {'then_branch': branch, 'else_branch': rest}
    either = onnx_ir.node('If', test.outputs, attributes, num_outputs=len(outputs))
    _named(either, '', outputs)
    return [constant, test, either], either.outputs


def _named(node: onnx_ir.Node, prefix: str, like: Sequence[Value]) -> None:
    for value, model in zip(node.outputs, like):
        value.name, value.type, value.shape = f'{prefix}{model.name}', model.type, model.shape
