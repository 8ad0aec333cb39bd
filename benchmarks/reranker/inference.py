"""Pairs a second of a reranker's inference and training: this package, FlagReranker and CrossEncoder.

python -m benchmarks.reranker.inference CORPUS.jsonl QUESTIONS.jsonl [--model FOLDER] [--pairs 1024]
python -m benchmarks.reranker.inference data/demo/corpus.jsonl data/qa/questions.jsonl --tiny

Without --model: random weights in the shape of BAAI/bge-reranker-v2-m3 (XLM-R-large, 568 million weights),
whose time does not hang on what they say; it is measured on a GPU alone. --tiny takes a small shape and few
pairs, which a CPU runs in a minute. On a GPU all three score in bfloat16 (half precision where it has none),
on a CPU in float32. Scores must agree to 1e-3.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.resolver import resolve
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.runtime import inference_dtype, pick_device
from sunwi.train.reranker.cross_encoder import train_reranker
from sunwi.train.reranker.lists import TrainingList

NEGATIVES = 7


def texts(path: Path, field: str, count: int) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(lines[at % len(lines)])[field] for at in range(count)]


def random_reranker(folder: Path, tiny: bool) -> Path:
    """A classifier of one label with the builtin encoder's tokeniser."""
    import torch
    from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaForSequenceClassification

    tokenizer = AutoTokenizer.from_pretrained(
        resolve("builtin/multilingual-e5-small").folder, trust_remote_code=False
    )
    tokenizer.save_pretrained(folder)
    size = (64, 2, 4, 128) if tiny else (1024, 24, 16, 4096)
    config = XLMRobertaConfig(
        vocab_size=250_002, hidden_size=size[0], num_hidden_layers=size[1], num_attention_heads=size[2],
        intermediate_size=size[3], max_position_embeddings=8194, type_vocab_size=1, num_labels=1,
        pad_token_id=1, bos_token_id=0, eos_token_id=2,
    )  # fmt: skip
    torch.manual_seed(1)
    XLMRobertaForSequenceClassification(config).save_pretrained(folder)
    return folder


def best_of(turns: int, score) -> tuple[float, np.ndarray]:
    """Seconds of the best turn, and the scores."""
    seconds = []
    for _ in range(turns):
        start = time.perf_counter()
        scores = score()
        seconds.append(time.perf_counter() - start)
    return min(seconds), np.asarray(scores, dtype=np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--tiny", action="store_true", help="a small shape, 192 pairs, one turn, two steps")
    parser.add_argument("--pairs", type=int, default=None, help="1024; 192 of --tiny")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--turns", type=int, default=None, help="3; 1 of --tiny")
    parser.add_argument("--steps", type=int, default=None, help="of training: 10; 2 of --tiny; 0: none")
    options = parser.parse_args()
    for name, usual, small in (("pairs", 1024, 192), ("turns", 3, 1), ("steps", 10, 2)):
        if getattr(options, name) is None:
            setattr(options, name, small if options.tiny else usual)

    import torch
    from FlagEmbedding import FlagReranker
    from sentence_transformers import CrossEncoder as Library

    device = pick_device()
    if device.type == "cpu" and not options.tiny and options.model is None:
        raise SystemExit(
            "skipped: there is no GPU here, and 568 million weights at 512 tokens take a CPU hours; "
            "--tiny compares the three on a small shape"
        )
    dtype = inference_dtype(device.type)
    asked = texts(options.questions, "question", options.pairs)
    pairs = list(zip(asked, texts(options.corpus, "content", options.pairs), strict=True))
    length, size = options.max_length, options.batch_size
    with tempfile.TemporaryDirectory() as work:
        os.environ["SUNWI_CACHE_DIR"] = f"{work}/cache"
        folder = options.model or random_reranker(Path(work) / "model", options.tiny)
        ours = CrossEncoder(folder, length, size)
        half = {} if dtype == "float32" else {"use_bf16": True} if dtype == "bfloat16" else {"use_fp16": True}
        flag = FlagReranker(
            str(folder),
            trust_remote_code=False,
            **{"use_fp16": False, **half},
            devices=str(device),
            batch_size=size,
            max_length=length,
        )
        kind = {"dtype": getattr(torch, dtype)}
        library = Library(
            str(folder), max_length=length, device=str(device), model_kwargs=kind, trust_remote_code=False
        )

        def by_library():
            return library.predict(
                pairs, batch_size=size, activation_fn=torch.nn.Identity(), show_progress_bar=False
            )

        scorers = {
            "sunwi": lambda: ours._compute(pairs),  # without the cache
            "FlagReranker": lambda: flag.compute_score([list(pair) for pair in pairs]),
            "CrossEncoder": by_library,
        }
        ours._compute(pairs[:8])
        flag.compute_score([list(pair) for pair in pairs[:8]])
        library.predict(pairs[:8], show_progress_bar=False)
        found = {name: best_of(options.turns, score) for name, score in scorers.items()}
        print(
            f"{len(pairs)} pairs, {length} tokens at most, {dtype} on {device.type}, best of {options.turns}"
        )
        print("| | pairs/s | sunwi is faster by | largest difference |\n|---|---|---|---|")
        for name, (seconds, scores) in found.items():
            apart = np.abs(scores - found["sunwi"][1]).max()
            print(
                f"| {name} | {len(pairs) / seconds:.1f} | {seconds / found['sunwi'][0]:.2f} | {apart:.1e} |"
            )
        if options.steps:
            rows = [
                TrainingList(
                    pairs[at][0], [passage for _, passage in pairs[at : at + 1 + NEGATIVES]], [0.0] * 8
                )
                for at in range(len(pairs) - NEGATIVES)
            ]
            settings = TrainRerankerParams(
                max_steps=options.steps, batch_size=4, negatives=NEGATIVES, max_length=length,
                modules_to_save=["classifier"], learning_rate=1e-5,
            )  # fmt: skip
            start = time.perf_counter()
            train_reranker(folder, "random", rows, settings, 1, Path(work) / "out")
            seconds = time.perf_counter() - start
            count = options.steps * settings.batch_size * (1 + NEGATIVES)
            print(f"training with LoRA: {count / seconds:.1f} pairs/s, loading and saving included")
