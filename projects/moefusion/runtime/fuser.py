"""Fuser: fuses pairs of any size by an exported network, with onnxruntime alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime

from moefusion.cpus import limited_cpus
from moefusion.files import Range, check_range
from moefusion.runtime.pairs import PairFuser
from moefusion.runtime.result import FusionResult
from moefusion.runtime.sources import Source, read_source
from moefusion.runtime.strips import LARGEST_SEEN, Step, StripFuser
from moefusion.weights.bundled import BUNDLED

BUNDLED_ONNX = BUNDLED.with_suffix('.onnx')
INPUTS = ['visible', 'infrared']
OPTIONAL = ['share', 'previous', 'step', 'prior', 'window', 'means', 'chosen']
OUTPUTS = ['fused', 'color', 'attention', 'logits']  # the gates come behind these, then 'new_means'
CURE = 'export it again with this version: moefusion export CONFIG CHECKPOINT --out FILE.onnx'


class Fuser(PairFuser):
    """Fuses as :class:`moefusion.FusionInferencer` does: same call, results and errors.

    Calls from several threads are safe. ``batch_size`` changes nothing: pairs run one by one.

    Args:
        model (str | Path, optional): file that ``tools/export.py`` wrote. Defaults to the network
            that comes with the package.
        threads (int): of one call. Defaults to 0, as many as there are cores, or as a container's
            quota or the process's affinity allows.
        infrared_range (tuple[float, float], optional): what becomes 0 and 255 of infrared images
            of 16 bits or floats, the same for all. Without, these are an error.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, is not an exported MoE-Fusion, or needs a newer onnxruntime,
            or the range is none.

    Examples:
        >>> fuse = Fuser()
        >>> fuse(np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64), np.uint8)).color.shape
        (48, 64, 3)
    """

    # pixels; a larger image is fused strip by strip, which takes longer. Not above
    # LARGEST_SEEN, or detectors would see more of a whole image than of a larger one.
    largest_whole = LARGEST_SEEN

    def __init__(
        self, model: str | Path | None = None, threads: int = 0, infrared_range: Range | None = None
    ) -> None:
        self.infrared_range = check_range(infrared_range)
        self.path = Path(model or BUNDLED_ONNX)
        if not self.path.is_file():
            raise FileNotFoundError(f'model {self.path}: there is no such file')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or limited_cpus()
        options.log_severity_level = 3  # errors
        # its plan, one block for all of a run at a size seen before, nearly doubled the memory
        options.enable_mem_pattern = False
        try:
            self.session = onnxruntime.InferenceSession(
                self.path, options, providers=['CPUExecutionProvider']
            )
        except Exception as error:  # onnxruntime's own classes have no common base
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(
                f'model {self.path}: onnxruntime {onnxruntime.__version__} cannot read it '
                f'({reason}). Upgrade onnxruntime, or {CURE}'
            ) from error
        outputs = [output.name for output in self.session.get_outputs()]
        self.gates = [name for name in outputs[len(OUTPUTS) :] if name != 'new_means']
        inputs = [each.name for each in self.session.get_inputs()]
        optional = {each.name: each for each in self.session.get_overridable_initializers()}
        if (inputs, [*optional]) != (INPUTS, OPTIONAL) or outputs[: len(OUTPUTS)] != OUTPUTS:
            raise ValueError(
                f'model {self.path} is not an exported MoE-Fusion of this version: {CURE}'
            )
        stride, reach = (int(self.metadata[name]) for name in ('stride', 'reach'))
        (experts,) = optional['chosen'].shape
        self.strips = StripFuser(self._run, self.gates, stride, reach, experts)

    @property
    def metadata(self) -> dict[str, str]:
        """dict[str, str]: version of the exporter, and the SHA-256 of the exported weights."""
        return dict(self.session.get_modelmeta().custom_metadata_map)

    @property
    def fingerprint(self) -> str:
        """str: of the model's file and the infrared range."""
        text = self.path.read_bytes() + repr(self.infrared_range).encode()
        return hashlib.sha256(text).hexdigest()

    def _fuse(
        self, pairs: list[tuple[Source, Source]], start: int, metrics: bool
    ) -> list[FusionResult]:
        results = []
        for number, sources in enumerate(pairs, start):
            pair, path = read_source(*sources, number, self.infrared_range)
            rgb, heat = np.ascontiguousarray(pair[..., 2::-1]), np.ascontiguousarray(pair[..., 3])
            del pair  # memory counts here
            result, _ = self.fuse_frame(rgb, heat, name=Path(path).stem)
            if metrics:
                result.score(path)
            results.append(result)
        return results

    def fuse_frame(
        self,
        visible: np.ndarray,
        infrared: np.ndarray,
        share: float = 1.0,
        previous: np.ndarray | None = None,
        name: str = '',
    ) -> tuple[FusionResult, np.ndarray]:
        """Fuse one frame of a video; :class:`moefusion.runtime.steady.SteadyFuser` calls it.

        Args:
            visible (np.ndarray): H x W x 3, uint8, R, G, B.
            infrared (np.ndarray): H x W, uint8.
            share (float): what the frame adds to the averaged logits of the gates, from 0 to 1.
            previous (np.ndarray, optional): the averaged logits that the frame before gave.
            name (str): of the result.

        Returns:
            tuple[FusionResult, np.ndarray]: the fused frame, and the averaged logits.
        """
        average = {}
        if previous is not None:
            average = {'share': np.array(share, np.float32), 'previous': previous}
        if infrared.size > self.largest_whole:
            made = self.strips(visible, infrared, **average)
        else:
            pair = dict(visible=visible, infrared=infrared)
            made = self._run(Step.WHOLE, [*OUTPUTS, *self.gates], **pair, **average)
        fused = made['fused']
        result = FusionResult(
            name=name,
            visible=visible,
            infrared=infrared,
            gray=np.rint(fused * 255, out=fused).astype(np.uint8),
            color=made['color'],
            attention=made['attention'],
            gates={gate: made[gate] for gate in self.gates},
        )
        return result, made['logits']

    def _run(self, step: Step, outputs: list[str], **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Run one step of the network; the outputs by name."""
        if step != Step.WHOLE:
            inputs['step'] = np.array(step, np.int64)
        return dict(zip(outputs, self.session.run(outputs, inputs)))
