"""What an exported form differs by from the model itself, and what each costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.models.cross_encoder import CrossEncoder, logits_of
from sunwi.models.encoder import Encoder
from sunwi.models.export.dense import OnnxEncoder, export_dense
from sunwi.models.export.graph import FLOAT_FILE, INT8_FILE, quantise, weights_beside
from sunwi.models.export.reranker import OnnxReranker, export_reranker
from sunwi.models.export.tokens import Tokens
from sunwi.models.loading import load_tokenizer, load_weights
from sunwi.models.pair_scores import Pairs
from sunwi.models.spec import ModelInfo
from sunwi.records.files import read_json

PARITY = 1e-4  # largest difference of a number of a vector, or of a logit, in float32
MEAN_FLOOR, LEAST_FLOOR = 0.99, 0.95  # of the cosines of int8 vectors; of the correlation of int8 logits
CALIBRATED = 64  # texts on which the biases of int8 are corrected
COMPARED = 32  # other texts that are compared
TURNS = 7

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an ONNX export differs by, and the forms that can be timed: name to a call on some texts."""

    facts: dict[str, Any]
    forms: dict[str, Callable[[Sequence[Any]], Floats]]


def onnx_encoder(
    info: ModelInfo, folder: Path, texts: Sequence[str], limits: tuple[int, int], *, int8: bool = True
) -> Exported:
    """Write the encoder's ONNX files and compare them with `Encoder.exact` on some of the texts.

    int8 below the floor is not written, and the facts say why.

    Parameters
    ----------
    limits
        Tokens of a passage and of a query.

    Raises
    ------
    DataError
        If the float32 graph gives other vectors than the model.
    """
    calibration, compared = _parts(texts)
    export_dense(info, folder, *limits)
    own = Encoder(info, precision="float32")
    expected = own.exact(compared, "passage", limits[0])
    whole = OnnxEncoder(folder)
    facts = _float_facts(folder, whole.encode(compared, "passage"), expected)
    prefixed = [info.passage_prefix + text for text in calibration]
    forms: dict[str, Callable[[Sequence[Any]], Floats]] = {
        "torch float32": lambda some: own.exact(some, "passage", limits[0]),
        "ONNX float32": lambda some: whole.encode(some, "passage"),
    }
    if int8:
        facts["int8"] = _int8(
            folder,
            prefixed,
            limits[0],
            lambda path: OnnxEncoder(folder, path).encode(compared, "passage"),
            expected,
        )
        if facts["int8"]["written"]:
            small = OnnxEncoder(folder, INT8_FILE)
            forms["ONNX int8"] = lambda some: small.encode(some, "passage")
    return Exported(facts, forms)


def onnx_reranker(
    source: Path, folder: Path, pairs: Pairs, max_length: int, *, int8: bool = True
) -> Exported:
    """The same of a cross-encoder, compared with `CrossEncoder`'s logits."""
    calibration, compared = _parts(pairs)
    export_reranker(source, folder, max_length)
    own = CrossEncoder(source, max_length)
    expected = own.score(compared)
    whole = OnnxReranker(folder)
    facts = _float_facts(folder, whole.score(compared), expected)
    forms: dict[str, Callable[[Sequence[Any]], Floats]] = {
        "torch float32": _torch_scores(source, max_length),
        "ONNX float32": whole.score,
    }
    if int8:
        facts["int8"] = _int8(
            folder, calibration, max_length, lambda path: OnnxReranker(folder, path).score(compared), expected
        )
        if facts["int8"]["written"]:
            forms["ONNX int8"] = OnnxReranker(folder, INT8_FILE).score
    return Exported(facts, forms)


def _torch_scores(source: Path, max_length: int) -> Callable[[Sequence[Any]], Floats]:
    """The classifier in torch, without the cache of its scores."""
    import torch
    from transformers import AutoModelForSequenceClassification

    tokenizer = load_tokenizer(source)
    model = load_weights(AutoModelForSequenceClassification, source, dtype=torch.float32).eval()
    return lambda pairs: logits_of(tokenizer, model, torch.device("cpu"), pairs, max_length)


def latencies(exported: Exported, texts: Sequence[Any]) -> dict[str, dict[str, float]]:
    """Median milliseconds of each form for one text and for sixteen, forms alternating."""
    found: dict[str, dict[str, float]] = {name: {} for name in exported.forms}
    for count in (1, 16):
        some = [texts[at % len(texts)] for at in range(count)]
        times: dict[str, list[float]] = {name: [] for name in exported.forms}
        for _ in range(TURNS + 1):
            for name, call in exported.forms.items():
                start = time.perf_counter()
                call(some)
                times[name].append(1000 * (time.perf_counter() - start))
        for name, values in times.items():
            found[name][f"batch_{count}_ms"] = round(statistics.median(values[1:]), 1)
    return found


def _parts(texts: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Texts to calibrate on, and others to compare; the same ones where all are few.

    Raises
    ------
    DataError
        If there is no text.
    """
    if not texts:
        raise DataError("there is no text to compare the export on", "name a corpus by --texts")
    compared = list(texts[:: max(1, len(texts) // COMPARED)][:COMPARED])
    others = [text for text in texts if text not in compared] or compared
    return others[:: max(1, len(others) // CALIBRATED)][:CALIBRATED], compared


def _float_facts(folder: Path, found: Floats, expected: Floats) -> dict[str, Any]:
    largest = float(np.abs(found - expected).max())
    if not largest <= PARITY:
        what = f"ONNX gives other numbers than the model: by {largest:.2g}, expected {PARITY} at most"
        raise DataError(what, "report this with the versions of torch, onnx and onnxruntime (pip list)")
    files = [path for path in sorted(folder.glob(f"{FLOAT_FILE}*")) if path.is_file()]
    return {
        "compared": len(expected),
        "largest_difference": float(f"{largest:.1e}"),
        "bytes": sum(path.stat().st_size for path in files),
    }


def _int8(
    folder: Path,
    calibration: Sequence[Any],
    max_length: int,
    run: Callable[[str], Floats],
    expected: Floats,
) -> dict[str, Any]:
    """Write int8 where it is near enough; below the floor no file is left."""
    path, trial = folder / INT8_FILE, folder / f"{INT8_FILE}.part"
    path.unlink(missing_ok=True)
    if weights_beside(folder / FLOAT_FILE):
        return {"written": False, "reason": "weights above 2 GB, which one ONNX file cannot hold"}
    settings = read_json(folder / "sunwi_export.json")
    tokens = Tokens(folder, settings["pad_id"])
    try:
        feeds = [
            {name: array[:, : int(feed["attention_mask"].sum())] for name, array in feed.items()}
            for text in calibration
            for _, feed in tokens.batches([text], max_length, 1, settings["inputs"])
        ]
        quantise(folder / FLOAT_FILE, trial, feeds)
        agreement = _agreement(run(trial.name), expected)
        fault = min(agreement.values()) < LEAST_FLOOR or next(iter(agreement.values())) < MEAN_FLOOR
        if fault:
            floors = f"expected {MEAN_FLOOR} in the mean and {LEAST_FLOOR} at least"
            return {"written": False, "reason": f"too far from float32; {floors}", **agreement}
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)
    return {"written": True, "bytes": path.stat().st_size, **agreement}


def _agreement(found: Floats, expected: Floats) -> dict[str, float]:
    """Cosines of vectors, or the correlation of logits."""
    if expected.ndim == 1:
        return {"correlation": round(float(np.corrcoef(found, expected)[0, 1]), 6)}
    cosines = (found * expected).sum(axis=1)
    return {"cosine_mean": round(float(cosines.mean()), 6), "cosine_least": round(float(cosines.min()), 6)}
