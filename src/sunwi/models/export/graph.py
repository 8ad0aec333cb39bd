"""One torch module as an ONNX file, and its session: what the encoder's and the reranker's export share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.runtime import usable_threads

if TYPE_CHECKING:
    import torch

FLOAT_FILE, INT8_FILE = "model.onnx", "model.int8.onnx"
SETTINGS_FILE, TOKENIZER_FILE = "sunwi_export.json", "tokenizer.json"
NEXT_STEP = "pip install 'sunwi[sparse]', which brings onnx, onnxruntime and onnxscript"
WHOLE = 1_900_000_000  # bytes of weights that one protobuf file holds; above, they lie beside it
OPERATORS = 18  # the version of ONNX's operators: what TEI's and Infinity's onnxruntime read too

Array = npt.NDArray[Any]
Feed = Mapping[str, Array]


def write_graph(model: torch.nn.Module, example: Mapping[str, torch.Tensor], output: str, path: Path) -> None:
    """Write a graph whose inputs [batch, tokens] are the example's, both sizes dynamic.

    The same model gives the same bytes: what the exporter notes of its own source files is left out.

    Raises
    ------
    DataError
        If onnx is not installed, or the exporter cannot trace the model.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  torch's exporter needs it, and its own message is less clear
    except ImportError as error:
        raise DataError(f"ONNX export needs {error.name}", NEXT_STEP) from error
    import torch
    from torch.export import Dim

    size = {0: Dim("batch"), 1: Dim("tokens")}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = weight_bytes(model) > WHOLE
    with torch.inference_mode():
        try:
            torch.onnx.export(
                model.eval(),
                tuple(example.values()),
                path,
                input_names=list(example),
                output_names=[output],
                dynamic_shapes=tuple(size for _ in example),
                dynamo=True,
                external_data=beside,
                opset_version=OPERATORS,
                verbose=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            first = str(error).strip().splitlines()[0][:200]
            what = f"torch's ONNX exporter cannot trace {type(model).__name__} ({first})"
            raise DataError(what, "serve the model's sentence-transformers folder instead") from error
    graph = onnx.load(path, load_external_data=False)
    for node in graph.graph.node:
        node.doc_string = ""
        node.ClearField("metadata_props")
    onnx.save(graph, path)


def weight_bytes(model: torch.nn.Module) -> int:
    """Bytes of a model's weights; a tied weight counts once."""
    return sum(weight.numel() * weight.element_size() for weight in model.parameters())


def quantise(path: Path, out: Path, feeds: Sequence[Feed]) -> None:
    """Write the graph with its matrix products and embeddings in int8, with one scale a token.

    Parameters
    ----------
    feeds
        Inputs of a few texts, one a feed, on which the biases' correction is computed.

    Raises
    ------
    DataError
        If onnx is not installed, or the weights do not lie in the file (above 2 GB).
    """
    from sunwi.models.sparse.export.int8 import quantise_graph

    if weights_beside(path):
        what = f"the weights of {path} are above 2 GB, which one ONNX file cannot hold for int8"
        raise DataError(what, "use the float32 file, or a smaller model")
    quantise_graph(path, out, feeds)


def weights_beside(path: Path) -> bool:
    """Whether a graph's weights lie in a file of their own."""
    return path.with_name(f"{path.name}.data").exists()


class Session:
    """onnxruntime over one exported file, on the CPU."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        """A session with as many threads as torch would get, or as given.

        Raises
        ------
        DataError
            If onnxruntime is not installed, or the file is not there.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise DataError(f"running ONNX needs {error.name}", NEXT_STEP) from error
        if not path.exists():
            raise DataError(f"there is no {path}", "run sunwi export, or use model.onnx of the same folder")
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads if threads is not None else usable_threads()
        self._session: Any = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        self.inputs: list[str] = [entry.name for entry in self._session.get_inputs()]

    def run(self, feed: Feed) -> npt.NDArray[np.float32]:
        """The graph's output for one batch."""
        result: npt.NDArray[np.float32] = self._session.run(None, dict(feed))[0]
        return result
