"""Exports a trained network to one ONNX file that fuses 8-bit pairs of any size."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import onnx_ir
import torch

from moefusion import __version__
from moefusion.files import write_file
from moefusion.models import MoEFusion
from moefusion.models.exportable import ExportableFusion

OPSET = 18
FEW = 64  # values that are not worth a cast
SMALLEST, LARGEST = (17, 23), 1 << 15  # rows and columns


def export_onnx(
    model: MoEFusion, checkpoint: str | Path, out: str | Path, half: bool = False
) -> int:
    """Write a model as ONNX: H x W x 3 and H x W images in, see :class:`ExportableFusion`.

    Height and width are free from 17 x 23 on. Experts that a gate does not select do no work.
    The inputs ``share`` and ``previous`` may be left out: they are for the frames of a video.

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
    exportable = ExportableFusion(model)
    exportable.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # not in the stub
    pair = (torch.zeros(71, 101, 3, dtype=torch.uint8), torch.zeros(71, 101, dtype=torch.uint8))
    experts = sum(gate.num_experts for gate in exportable.gates.values())
    alone = {'share': torch.ones(()), 'previous': torch.zeros(experts)}  # a pair of no video
    sizes = {
        axis: torch.export.Dim(name, min=low, max=LARGEST)
        for axis, (name, low) in enumerate(zip(('height', 'width'), SMALLEST))
    }
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')  # of the exporter, about its own future
        program = torch.onnx.export(
            exportable,
            (*pair, *alone.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=['visible', 'infrared', *alone],
            output_names=exportable.outputs,
            dynamic_shapes=(sizes, sizes, None, None),
            verbose=False,
        )
    assert program is not None  # as dynamo=True
    if half:
        _store_half(program.model.graph)
    for value in program.model.graph.inputs[len(pair) :]:
        value.const_value = onnx_ir.tensor(alone[value.name].numpy(), name=value.name)
        program.model.graph.register_initializer(value)  # what is used where none is given
    digest = hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest()
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # a quarter of the file: where in Python each node comes from
    program.model.metadata_props.update(moefusion=__version__, sha256=digest)
    data = program.model_proto.SerializeToString()
    write_file(out, data)
    return len(data)


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
