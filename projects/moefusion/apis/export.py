"""Exports a trained network to one ONNX file that fuses 8-bit pairs of any size."""

from __future__ import annotations

import hashlib
import inspect
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx_ir
import torch
from onnx_ir import Graph, Shape, Value
from torch import Tensor

from moefusion import __version__
from moefusion.apis.branches import as_branch, choose, pass_on
from moefusion.files import write_file
from moefusion.fusion.strips import reach
from moefusion.models import MoEFusion
from moefusion.models.exportable import Attend, ExportedStep, FuseStep, GlobalStep, LocalStep, Whole
from moefusion.runtime.fuser import OUTPUTS
from moefusion.runtime.strips import Step

OPSET, IR_VERSION = 18, 10
FEW = 64  # values that are not worth a cast
SMALLEST, LARGEST = (17, 23), 1 << 15  # rows and columns
TRACED = (71, 101)
# of inputs whose size is free; those without a name may differ from the images'
FREE: dict[str, Sequence[str | int | None]] = {
    'visible': ('height', 'width', 3),
    'infrared': ('height', 'width'),
    'prior': (None, None),
    'means': (None,),
}


def export_onnx(
    model: MoEFusion, checkpoint: str | Path, out: str | Path, half: bool = False
) -> int:
    """Write a model as ONNX: H x W x 3 and H x W images in, as :class:`ExportedStep` names them.

    Height and width are free from 17 x 23 on. Experts that a gate does not select do no work.
    All inputs but the images may be left out: ``share`` and ``previous`` are for the frames of a
    video, ``step`` and those behind it for fusing strip by strip (:mod:`moefusion.runtime.strips`).

    Args:
        model (MoEFusion): on the CPU, as ``FusionInferencer`` builds it.
        checkpoint (str | Path): where its weights are from; the SHA-256 goes into the metadata.
        out (str | Path): file to write.
        half (bool): whether to store float16, half the size; it is computed in float32.

    Returns:
        int: bytes written.

    Raises:
        OSError: if a file cannot be read or written.
    """
    model.to(memory_format=torch.contiguous_format)
    joined = onnx_ir.Model(_join(model, half), ir_version=IR_VERSION)
    for node in joined.graph.all_nodes():
        node.metadata_props.clear()  # a quarter of the file: where in Python each node comes from
    joined.metadata_props.update(
        moefusion=__version__,
        sha256=hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest(),
        stride=str(model.fusion.stride),
        reach=str(reach(model.fusion)),
    )
    data = onnx_ir.to_proto(joined).SerializeToString()
    write_file(out, data)
    return len(data)


def _join(model: MoEFusion, half: bool) -> Graph:
    """One graph: the attention, or a given one, and then one of the other steps."""
    examples = _examples(model)
    gates = model.fusion.gates()
    modules: dict[Step, ExportedStep] = {Step.WHOLE: Whole(model), Step.FUSE: FuseStep(model)}
    if any(name != 'global' for name in gates):
        modules[Step.LOCAL] = LocalStep(model)
    if 'global' in gates:
        modules[Step.GLOBAL] = GlobalStep(model)
    steps = {step: _export(module, examples, half) for step, module in modules.items()}
    detect = _export(Attend(model), examples, half)
    types = {value.name: value for graph in (detect, *steps.values()) for value in graph.outputs}
    types.setdefault('new_means', types['logits'])  # where there are no gates
    names = *OUTPUTS, *gates, 'new_means'
    outputs = {name: _any_size(name, types[name]) for name in names}
    inputs = {name: _input(name, example) for name, example in examples.items()}
    opset = detect.opset_imports

    attention: Sequence[Value] = [outputs.pop('attention')]
    detect = as_branch(detect, 'detect', inputs, attention)
    seen: dict[int, Graph] = {Step.ATTEND: detect, Step.FUSE: pass_on(inputs['prior'], 'given')}
    nodes, attention = choose(inputs['step'], seen, attention)
    inputs_of_steps = {**inputs, 'prior': attention[0]}
    steps[Step.ATTEND] = Graph([], [], nodes=[])  # nothing but the attention
    branches: dict[int, Graph] = {
        step: as_branch(steps[step], step.name.lower(), inputs_of_steps, [*outputs.values()])
        for step in sorted(steps)
    }
    more, values = choose(inputs['step'], branches, [*outputs.values()])
    found = dict(zip(outputs, values)) | {'attention': attention[0]}
    graph = Graph(
        list(inputs.values()),
        [found[name] for name in names],
        nodes=[*nodes, *more],
        opset_imports=opset,
        name='moefusion',
    )
    for name in list(inputs)[2:]:
        value = inputs[name]
        value.const_value = onnx_ir.tensor(examples[name].numpy(), name=name)
        graph.register_initializer(value)  # what is used where none is given
    return graph


def _examples(model: MoEFusion) -> dict[str, Tensor]:
    """Every input by its name; the optional ones as they are where they are left out."""
    experts = sum(gate.num_experts for gate in model.fusion.gates().values())
    return {
        'visible': torch.zeros(*TRACED, 3, dtype=torch.uint8),
        'infrared': torch.zeros(TRACED, dtype=torch.uint8),
        'share': torch.ones(()),
        'previous': torch.zeros(experts),
        'step': torch.tensor(int(Step.WHOLE)),
        'prior': torch.zeros(1, 1),
        'window': torch.zeros(4, dtype=torch.long),
        'means': torch.zeros(1),
        'chosen': torch.zeros(experts),
    }


def _export(module: ExportedStep, examples: Mapping[str, Tensor], half: bool) -> Graph:
    """The graph of one step, its inputs and outputs named."""
    names = list(inspect.signature(module.forward).parameters)
    traced = {name: examples[name] for name in names} | {'prior': torch.zeros(TRACED)}
    sizes = {
        axis: torch.export.Dim(name, min=low, max=LARGEST)
        for axis, (name, low) in enumerate(zip(('height', 'width'), SMALLEST))
    }
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')  # of the exporter, about its own future
        program = torch.onnx.export(
            module,
            tuple(traced[name] for name in names),
            dynamo=True,
            opset_version=OPSET,
            input_names=names,
            output_names=module.outputs,
            dynamic_shapes=tuple(
                sizes if name in ('visible', 'infrared', 'prior') else None for name in names
            ),
            verbose=False,
        )
    assert program is not None  # as dynamo=True
    if half:
        _store_half(program.model.graph)
    return program.model.graph


def _input(name: str, example: Tensor) -> Value:
    shape = Shape(FREE.get(name, tuple(example.shape)))
    kind = onnx_ir.TensorType(onnx_ir.tensor(example.numpy()).dtype)
    return Value(name=name, type=kind, shape=shape)


def _any_size(name: str, value: Value) -> Value:
    """One of its type and number of dimensions."""
    assert value.shape is not None
    return Value(name=name, type=value.type, shape=Shape([None] * len(value.shape)))


def _store_half(graph: onnx_ir.Graph) -> None:
    """Keep float32 weights as float16 and a cast, which a runtime does once, on loading."""
    for weight in list(graph.initializers.values()):
        if weight.dtype != onnx_ir.DataType.FLOAT or weight.const_value.size < FEW:
            continue
        exact = weight.const_value.numpy()
        with np.errstate(over='ignore'):
            rounded = exact.astype(np.float16)
        if not np.allclose(rounded, exact, rtol=1e-3, atol=1e-6):
            continue
        stored = onnx_ir.tensor(rounded)
        half = onnx_ir.Value(name=f'{weight.name}.half', const_value=stored)
        half.type, half.shape = onnx_ir.TensorType(stored.dtype), weight.shape
        cast = onnx_ir.node('Cast', [half], {'to': onnx_ir.DataType.FLOAT})
        graph.insert_before(graph[0], cast)
        onnx_ir.convenience.replace_all_uses_with(weight, cast.outputs[0])
        graph.initializers.pop(weight.name)
        graph.register_initializer(half)
