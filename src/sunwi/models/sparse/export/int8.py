"""int8 of an exported encoder: a row's result is the same on every CPU and whatever its neighbours are.

onnxruntime's own dynamic quantisation gave a trained encoder a cosine of .84 (docs/sparse.md, int8):

* 8-bit weights can overflow the 16 bits in which AVX2 adds two products: here weights have 7 bits.
* Activations have one scale a batch there, so that a row depends on its neighbours: here one a token.
* The rounding of weights shifts every token by the same vector, layer by layer, and the head, which
  subtracts the tokens' common direction, multiplies what is left: here the biases take that shift back
  (bias correction, Nagel et al. 2019, sec. 4.2), and the head stays in float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError

NEXT_STEP = "pip install 'sunwi[sparse]'"
HEAD = "head/"  # start of the names of the head's nodes
WEIGHT_LEVELS = 63  # 2 * 255 * 63 < 2**15: the sum of two products does not saturate
ACTIVATION_LEVELS = 127
ZERO_POINT = 128  # activations are unsigned: their products are several times as fast as signed ones

Array = npt.NDArray[Any]


def quantise_int8(path: Path, out: Path, rows: Sequence[Sequence[int]]) -> None:
    """Write the graph with its encoder's matrix products, and its embeddings, in int8.

    Parameters
    ----------
    path
        A graph of `export_onnx`.
    rows
        Token ids of the texts on which the biases' correction is computed.

    Raises
    ------
    DataError
        If onnx or onnxruntime is not installed, or the graph does not say which nodes are the head's.
    """
    model = _loaded(path)
    if not any(node.name.startswith(HEAD) for node in model.graph.node):
        what = f"{path}: no node is named as the head's, so that it would become int8 too"
        raise DataError(what, "export it with torch 2.9 or newer")
    ids = [np.array([row], dtype=np.int64) for row in rows]
    _quantise(model, out, [{"input_ids": row, "attention_mask": np.ones_like(row)} for row in ids])


def quantise_graph(path: Path, out: Path, feeds: Sequence[Mapping[str, Array]]) -> None:
    """The same of any exported graph; nodes that are named as a head's stay in float32.

    Parameters
    ----------
    feeds
        Inputs of a few texts without padding, one text a feed, each [1, tokens].

    Raises
    ------
    DataError
        If onnx or onnxruntime is not installed.
    """
    _quantise(_loaded(path), out, feeds)


def _loaded(path: Path) -> Any:
    try:
        import onnx
        import onnxruntime  # noqa: F401  for the means
    except ImportError as error:
        raise DataError(f"int8 export needs {error.name}", NEXT_STEP) from error
    return onnx.load(path)


def _quantise(model: Any, out: Path, feeds: Sequence[Mapping[str, Array]]) -> None:
    import onnx

    graph = _Graph(model.graph)
    means = _input_means(model, [node.input[0] for node in graph.products()], feeds)
    graph.quantise(means)
    onnx.save(model, out)


def _input_means(model: Any, names: Sequence[str], feeds: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Mean over the feeds' tokens of the tensors with these names, [width] each."""
    import onnx
    import onnxruntime

    unique = list(dict.fromkeys(names))
    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    probed.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in unique)
    session = onnxruntime.InferenceSession(probed.SerializeToString(), providers=["CPUExecutionProvider"])
    del probed
    sums: dict[str, Array] = {}
    places: dict[str, int] = {}
    for feed in feeds:
        for name, values in zip(unique, session.run(unique, dict(feed)), strict=True):
            flat = values.reshape(-1, values.shape[-1])  # [tokens, width]; one row where a token was pooled
            sums[name] = sums.get(name, 0.0) + flat.sum(axis=0, dtype=np.float64)
            places[name] = places.get(name, 0) + len(flat)
    return {name: total / places[name] for name, total in sums.items()}


class _Graph:
    """A graph that is rewritten in place."""

    def __init__(self, graph: Any) -> None:
        from onnx import numpy_helper

        self._graph = graph
        self._to_array = numpy_helper.to_array
        self._from_array = numpy_helper.from_array
        self._constants = {constant.name: constant for constant in graph.initializer}
        self._nodes: list[Any] = []
        self._users: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    def products(self) -> list[Any]:
        """The matrix products with constant weights, without the head's."""
        return [node for node in self._graph.node if self._is_product(node)]

    def quantise(self, means: Mapping[str, Array]) -> None:
        """Rewrite products and embeddings; `means` are those of the products' inputs."""
        self._constant("int8/levels", np.array(ACTIVATION_LEVELS, dtype=np.float32))
        self._constant("int8/least", np.array(1e-9, dtype=np.float32))
        self._constant("int8/last_axis", np.array([-1], dtype=np.int64))
        self._constant("int8/offset", np.array(ZERO_POINT, dtype=np.float32))
        self._constant("int8/zero_point", np.array(ZERO_POINT, dtype=np.uint8))
        scaled: set[str] = set()
        for node in self._graph.node:
            if self._is_product(node):
                if node.input[0] not in scaled:
                    scaled.add(node.input[0])
                    self._quantise_tokens(node.input[0])
                self._quantise_product(node, means[node.input[0]])
            elif node.op_type == "Gather" and self._is_matrix(node.input[0]):
                self._quantise_table(node)
            else:
                self._nodes.append(node)
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        used = {name for node in self._nodes for name in node.input}
        constants = [constant for constant in self._graph.initializer if constant.name in used]
        del self._graph.initializer[:]
        self._graph.initializer.extend(constants)

    def _is_product(self, node: Any) -> bool:
        return (
            node.op_type == "MatMul" and node.input[1] in self._constants and not node.name.startswith(HEAD)
        )

    def _is_matrix(self, name: str) -> bool:
        """Whether it is a constant float32 matrix."""
        from onnx import TensorProto

        constant = self._constants.get(name)
        return constant is not None and constant.data_type == TensorProto.FLOAT and len(constant.dims) == 2

    def _constant(self, name: str, value: Array) -> None:
        if name not in self._constants:
            self._constants[name] = self._from_array(value, name)
            self._graph.initializer.append(self._constants[name])

    def _add(self, kind: str, inputs: list[str], output: str, **settings: Any) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, [output], name=f"{output}/node", **settings))
        return output

    def _quantise_tokens(self, name: str) -> None:
        """[.., width] as uint8 about `ZERO_POINT`, with one scale a token."""
        from onnx import TensorProto

        size = self._add("Abs", [name], f"{name}/size")
        largest = self._add("ReduceMax", [size, "int8/last_axis"], f"{name}/largest", keepdims=1)
        positive = self._add("Max", [largest, "int8/least"], f"{name}/positive")
        scale = self._add("Div", [positive, "int8/levels"], f"{name}/scale")
        levels = self._add("Div", [name, scale], f"{name}/levels")
        rounded = self._add("Round", [levels], f"{name}/rounded")
        shifted = self._add("Add", [rounded, "int8/offset"], f"{name}/shifted")
        self._add("Cast", [shifted], f"{name}/uint8", to=TensorProto.UINT8)

    def _quantise_product(self, node: Any, mean: Array) -> None:
        """One scale a column of the weights [inputs, outputs], and the bias that undoes their rounding."""
        from onnx import TensorProto

        tokens, weights = node.input
        output = node.output[0]
        whole = self._to_array(self._constants[weights])
        levels, scale = _levels(whole, axis=0, levels=WEIGHT_LEVELS)
        self._constant(f"{weights}/int8", levels)
        self._constant(f"{weights}/scale", scale[0])
        shift = mean @ (whole - levels * scale)
        inputs = [f"{tokens}/uint8", f"{weights}/int8", "int8/zero_point"]
        sums = self._add("MatMulInteger", inputs, f"{output}/sums")
        floats = self._add("Cast", [sums], f"{output}/floats", to=TensorProto.FLOAT)
        # Two factors one by one: onnxruntime 1.31 fuses their product into an operator that reads the
        # tokens' scales as one number.
        columns = self._add("Mul", [floats, f"{weights}/scale"], f"{output}/columns")
        users = self._users.get(output, [])
        bias = self._bias(users)
        if bias is None:
            product = self._add("Mul", [columns, f"{tokens}/scale"], f"{output}/product")
            self._constant(f"{output}/shift", shift.astype(np.float32))
            self._add("Add", [product, f"{output}/shift"], output)
            return
        self._add("Mul", [columns, f"{tokens}/scale"], output)
        # A constant of its own: equal biases of several products are one in the exported graph.
        corrected = (self._to_array(self._constants[bias]) + shift).astype(np.float32)
        self._constant(f"{output}/bias", corrected)
        users[0].input[list(users[0].input).index(bias)] = f"{output}/bias"

    def _bias(self, users: Sequence[Any]) -> str | None:
        """Name of the constant vector that is added to a product, if its sum is all that reads it."""
        if len(users) != 1 or users[0].op_type != "Add":
            return None
        biases = [name for name in users[0].input if name in self._constants]
        return biases[0] if biases and len(self._constants[biases[0]].dims) == 1 else None

    def _quantise_table(self, node: Any) -> None:
        """Rows of embeddings with one scale each."""
        from onnx import TensorProto

        table, ids = node.input
        output = node.output[0]
        levels, scale = _levels(self._to_array(self._constants[table]), axis=1, levels=ACTIVATION_LEVELS)
        self._constant(f"{table}/int8", levels)
        self._constant(f"{table}/scale", scale)
        rows = self._add("Gather", [f"{table}/int8", ids], f"{output}/int8")
        scales = self._add("Gather", [f"{table}/scale", ids], f"{output}/scale")
        floats = self._add("Cast", [rows], f"{output}/floats", to=TensorProto.FLOAT)
        self._add("Mul", [floats, scales], output)


def _levels(values: Array, axis: int, levels: int) -> tuple[Array, Array]:
    """Whole numbers of at most `levels`, and the scales along `axis` that make them values again."""
    scale = np.maximum(np.abs(values).max(axis=axis, keepdims=True) / levels, 1e-12).astype(np.float32)
    return np.round(values / scale).astype(np.int8), scale
