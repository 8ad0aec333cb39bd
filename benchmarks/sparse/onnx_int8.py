"""int8 ONNX of a sparse encoder: size, speed and cosine with float32, here and on a CPU with AVX2 alone.

python -m benchmarks.sparse.onnx_int8 [--encoder models/sparse] [--documents FILE --questions FILE] \
    [--texts 64] [--qemu-texts 8 --qemu-tokens 48]

One thread. `dynamic` is onnxruntime's quantize_dynamic with signed weights, one scale a column. Texts go one
by one; a second run of 16 at once shows what neighbours do. AVX2 alone: `qemu-x86_64 -cpu Haswell` (Debian's
qemu-user) over texts cut to --qemu-tokens, for emulation takes some 1000 times as long.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from benchmarks.shared.material import read_material
from sunwi.models.sparse.encoder import load_sparse
from sunwi.models.sparse.export.int8 import HEAD, quantise_int8
from sunwi.models.sparse.export.onnx import OnnxSparseEncoder, export_onnx, write_tokens
from sunwi.models.sparse.export.reference import Agreement
from sunwi.models.sparse.vectors import SparseVectors

ENCODE = """
import sys
from pathlib import Path
import numpy as np
from sunwi.models.sparse.export.onnx import OnnxSparseEncoder
folder, file, count, out = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
texts = (folder / "texts.txt").read_text(encoding="utf-8").split("\\0")[:count]
encoder = OnnxSparseEncoder(folder, file, batch_size=1, threads=1)
np.save(out, encoder.encode_passages(texts).matrix().toarray())
"""


def dynamic(folder: Path, name: str, **settings: object) -> None:
    shared = {"per_channel": True, "weight_type": QuantType.QInt8}
    quantize_dynamic(folder / "model.onnx", folder / name, **{**shared, **settings})


def build(folder: Path, rows: list[list[int]]) -> list[str]:
    """Write the variants; their names."""
    products = [node.name for node in onnx.load(folder / "model.onnx").graph.node if node.op_type == "MatMul"]
    head = [name for name in products if name.startswith(HEAD)]
    dynamic(folder, "dynamic.onnx")
    dynamic(folder, "dynamic, 7 bits.onnx", reduce_range=True)
    dynamic(folder, "dynamic, 7 bits, head float32.onnx", reduce_range=True, nodes_to_exclude=head)
    quantise_int8(folder / "model.onnx", folder / "model.int8.onnx", rows)
    return [
        "model.onnx", "dynamic.onnx", "dynamic, 7 bits.onnx", "dynamic, 7 bits, head float32.onnx",
        "model.int8.onnx",
    ]  # fmt: skip


def on_avx2(folder: Path, name: str, count: int) -> SparseVectors:
    out = folder / "there.npy"
    command = ["qemu-x86_64", "-cpu", "Haswell", sys.executable, "-c", ENCODE]
    given = [str(folder), name, str(count), str(out)]
    subprocess.run([*command, *given], check=True, stderr=subprocess.DEVNULL)
    return SparseVectors.of(np.load(out))


def shown(agreement: Agreement) -> str:
    return f"{agreement.mean:.4f} / {agreement.least:.4f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--encoder", type=Path, default=Path("models/sparse"))
    parser.add_argument("--documents", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--max-length", type=int, default=160)
    parser.add_argument("--qemu-texts", type=int, default=8)
    parser.add_argument("--qemu-tokens", type=int, default=48)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    passages = read_material(options.documents, options.questions).passages
    chosen = range(0, len(passages), max(1, len(passages) // options.texts))
    texts = [passages[at] for at in chosen][: options.texts]
    others = [text for at, text in enumerate(passages) if at not in chosen]
    encoder = load_sparse(options.encoder)
    with tempfile.TemporaryDirectory() as scratch:
        folder, short = Path(scratch) / "long", Path(scratch) / "short"
        export_onnx(encoder, folder / "model.onnx")
        write_tokens(encoder, folder, options.max_length)
        shutil.copytree(folder, short, ignore=shutil.ignore_patterns("*.onnx"))
        write_tokens(encoder, short, options.qemu_tokens)
        (short / "texts.txt").write_text("\0".join(texts), encoding="utf-8")
        calibration = others[:: max(1, len(others) // 64)][:64]
        rows = encoder.tokenizer(calibration, truncation=True, max_length=options.max_length)["input_ids"]
        expected = encoder.encode_passages(texts, options.max_length)
        expected_short = encoder.encode_passages(texts[: options.qemu_texts], options.qemu_tokens)
        print("| form | MB | texts a CPU-second | cosine, one by one | 16 at once | AVX2 alone | here, cut |")
        print("|---|---|---|---|---|---|---|")
        for name in build(folder, rows):
            alone = OnnxSparseEncoder(folder, name, batch_size=1, threads=1)
            alone.encode_passages(texts[:2])
            start = time.process_time()
            found = alone.encode_passages(texts)
            speed = len(texts) / (time.process_time() - start)
            together = OnnxSparseEncoder(folder, name, batch_size=16, threads=1).encode_passages(texts)
            there = here = "-"
            if options.qemu_texts and shutil.which("qemu-x86_64"):
                (folder / name).rename(short / name)
                cut = OnnxSparseEncoder(short, name, batch_size=1, threads=1)
                here = shown(Agreement.of(cut.encode_passages(texts[: options.qemu_texts]), expected_short))
                there = shown(Agreement.of(on_avx2(short, name, options.qemu_texts), expected_short))
            size = (short if (short / name).exists() else folder) / name
            print(
                f"| {name.removesuffix('.onnx')} | {size.stat().st_size / 1e6:.0f} | {speed:.1f} "
                f"| {shown(Agreement.of(found, expected))} | {shown(Agreement.of(together, expected))} "
                f"| {there} | {here} |",
                flush=True,
            )
