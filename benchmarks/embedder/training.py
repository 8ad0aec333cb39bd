"""Speed and memory of embedder training on a GPU, ours against FlagEmbedding's own trainer.

    python -m benchmarks.embedder.training                 # both shapes, 512 tokens, 1 + 7 passages
    python -m benchmarks.embedder.training --shape tiny --cpu --steps 3 --batch 4   # does it run at all

Weights and texts are random (from a seed) and dropout is off, so that both trainers must reach the same
losses. Without a GPU it says so and ends.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sunwi.models.resolver import resolve
from sunwi.models.spec import ModelInfo
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.arguments import pooling_method, training_arguments
from sunwi.train.embedder.groups import Group

SHAPES: dict[str, dict[str, int]] = {  # hidden, layers, heads, intermediate, vocabulary
    "e5-small": {"hidden": 384, "layers": 12, "heads": 12, "inner": 1536, "vocabulary": 250_037},
    "bge-m3": {"hidden": 1024, "layers": 24, "heads": 16, "inner": 4096, "vocabulary": 250_002},
    "tiny": {"hidden": 32, "layers": 2, "heads": 2, "inner": 64, "vocabulary": 1_000},
}
PEAK_TFLOPS = {
    "H200": 989.0,
    "H100": 989.0,
    "A100": 312.0,
    "L40S": 362.0,
    "L4": 121.0,
}  # dense bf16, vendors' sheets
WARM_UP = 3  # steps that are not timed
SOURCE_RUN = 12_816 * 5  # samples of the recipe that this package started from


@dataclass
class Clock:
    """Step times and losses of one trainer."""

    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def callback(self) -> Any:
        import torch
        from transformers import TrainerCallback

        clock = self

        class Steps(TrainerCallback):
            def on_step_begin(self, *_: Any, **__: Any) -> None:
                self.start = time.perf_counter()

            def on_step_end(self, *_: Any, **__: Any) -> None:
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                clock.seconds.append(time.perf_counter() - self.start)

            def on_log(self, *_: Any, logs: Any = None, **__: Any) -> None:
                if logs and "loss" in logs:
                    clock.losses.append(float(logs["loss"]))

        return Steps()


def write_model(folder: Path, shape: dict[str, int], m3: bool) -> ModelInfo:
    """A model of random weights whose tokeniser knows the words w0, w1, ..."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    words = {word: at for at, word in enumerate(["<s>", "<pad>", "</s>", "<unk>"])}
    words |= {f"w{at}": at + 4 for at in range(shape["vocabulary"] - 4)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", cls_token="<s>", sep_token="</s>",
        bos_token="<s>", eos_token="</s>", model_max_length=512,
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=shape["vocabulary"], hidden_size=shape["hidden"], num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"], intermediate_size=shape["inner"], max_position_embeddings=514,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, type_vocab_size=1,
    )  # fmt: skip
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    if m3:
        for name, out in (("colbert_linear", shape["hidden"]), ("sparse_linear", 1)):
            torch.save(torch.nn.Linear(shape["hidden"], out).state_dict(), folder / f"{name}.pt")
    info = resolve(str(folder))
    return ModelInfo(info.spec, folder, "cls", "", "", info.heads, info.content_hash)


def make_groups(asked: argparse.Namespace, vocabulary: int) -> list[Group]:
    """Random texts: all of full length, or of mixed ones around a third of it."""
    draw = random.Random(1)

    def text(limit: int) -> str:
        length = (
            limit - 2
            if asked.lengths == "full"
            else min(limit - 2, max(4, int(draw.lognormvariate(4.9, 0.5))))
        )
        return " ".join(f"w{draw.randrange(vocabulary - 4)}" for _ in range(length))

    return [
        Group(
            f"q{at}",
            text(64),
            [text(asked.tokens) for _ in range(asked.group)],
            [1.0] + [0.0] * (asked.group - 1),
        )
        for at in range(asked.batch * asked.steps)
    ]


def train_ours(
    info: ModelInfo, groups: list[Group], params: TrainEmbedderParams, cpu: bool, folder: Path
) -> Clock:
    """Our runner: sub-batches by length, the lexical head without its blow-up, TF32."""
    from sunwi.train.embedder.runner import GroupRunner

    clock = Clock()
    arguments = training_arguments(info, params, 0, params.max_steps, folder / "ours", cpu, evaluated=False)
    runner = GroupRunner(info, groups, params, arguments, None, None)
    runner.trainer.add_callback(clock.callback())
    runner.trainer.train()
    return clock


def train_theirs(
    info: ModelInfo, groups: list[Group], params: TrainEmbedderParams, cpu: bool, folder: Path
) -> Clock:
    """FlagEmbedding's runner with the same settings; its rows in order, so that batches are the same."""
    from FlagEmbedding.abc.finetune.embedder import (
        AbsEmbedderDataArguments,
        AbsEmbedderModelArguments,
        AbsEmbedderTrainingArguments,
    )
    from FlagEmbedding.finetune.embedder.encoder_only.base import EncoderOnlyEmbedderRunner
    from FlagEmbedding.finetune.embedder.encoder_only.m3 import (
        EncoderOnlyEmbedderM3ModelArguments,
        EncoderOnlyEmbedderM3Runner,
        EncoderOnlyEmbedderM3TrainingArguments,
    )
    from torch.utils.data import SequentialSampler

    rows = folder / "train.jsonl"
    with rows.open("w", encoding="utf-8") as out:
        for group in groups:
            row = {"query": group.query, "pos": group.passages[:1], "neg": group.passages[1:]}
            out.write(json.dumps(row) + "\n")
    data = AbsEmbedderDataArguments(
        train_data=[str(rows)], cache_path=str(folder / "datasets"), train_group_size=params.group_size,
        query_max_len=params.query_max_length, passage_max_len=params.passage_max_length,
        query_instruction_for_retrieval="", passage_instruction_for_retrieval="",
    )  # fmt: skip
    training: dict[str, Any] = {
        "output_dir": str(folder / "theirs"), "per_device_train_batch_size": params.batch_size,
        "learning_rate": params.learning_rate, "warmup_steps": params.warmup_steps,
        "max_steps": params.max_steps,
        "logging_steps": 1, "save_strategy": "no", "report_to": "none", "disable_tqdm": True, "use_cpu": cpu,
        "bf16": params.bf16, "gradient_checkpointing": params.gradient_checkpointing, "seed": 0,
        "remove_unused_columns": False, "dataloader_drop_last": True, "temperature": params.temperature,
        "sentence_pooling_method": pooling_method(info), "normalize_embeddings": True,
        "kd_loss_type": "kl_div",
    }  # fmt: skip
    if params.method == "m3":
        runner: Any = EncoderOnlyEmbedderM3Runner(
            EncoderOnlyEmbedderM3ModelArguments(model_name_or_path=str(info.folder)),
            data,
            EncoderOnlyEmbedderM3TrainingArguments(
                **training, unified_finetuning=True, use_self_distill=True
            ),
        )
    else:
        runner = EncoderOnlyEmbedderRunner(
            AbsEmbedderModelArguments(model_name_or_path=str(info.folder)),
            data,
            AbsEmbedderTrainingArguments(**training),
        )
    clock = Clock()
    runner.trainer._get_train_sampler = lambda *_: SequentialSampler(runner.trainer.train_dataset)
    runner.trainer.add_callback(clock.callback())
    runner.trainer.train()
    return clock


def flops_per_step(shape: dict[str, int], lengths: list[int]) -> float:
    """Forward and backward: 6 a weight and token outside the embeddings, 12 n^2 d a layer for attention."""
    weights = shape["layers"] * (4 * shape["hidden"] ** 2 + 2 * shape["hidden"] * shape["inner"])
    attention = sum(12 * shape["layers"] * shape["hidden"] * length**2 for length in lengths)
    return 6.0 * weights * sum(lengths) + attention


def report(
    name: str, clock: Clock, asked: argparse.Namespace, shape: dict[str, int], groups: list[Group]
) -> None:
    """Print one trainer's figures; tokens are the texts' own, without padding."""
    import torch

    timed = clock.seconds[WARM_UP:] or clock.seconds
    rate = asked.batch * len(timed) / sum(timed)
    lengths = [len(text.split()) + 2 for group in groups for text in [group.query, *group.passages]]
    per_step = len(lengths) // asked.steps
    tokens = sum(lengths) / asked.steps
    figures: dict[str, Any] = {
        "samples_per_second": round(rate, 3),
        "tokens_per_second": round(rate / asked.batch * tokens),
        "hours_for_the_source_run": round(SOURCE_RUN / rate / 3600, 2),
        "loss_last": clock.losses[-1] if clock.losses else None,
    }
    if torch.cuda.is_available():
        figures["peak_memory_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        peak = next(
            (value for key, value in PEAK_TFLOPS.items() if key in torch.cuda.get_device_name()), None
        )
        if peak:
            done = flops_per_step(shape, lengths[-per_step:]) * rate / asked.batch
            figures["model_flops_utilisation"] = round(done / (peak * 1e12), 4)
    print(f"  {name}: {json.dumps(figures)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, action="append", help="default: e5-small and bge-m3")
    parser.add_argument("--steps", type=int, default=13)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--lengths", choices=["full", "mixed"], default="full")
    parser.add_argument("--sub-batch", type=int, default=64, help="of ours; 0: the whole batch")
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--cpu", action="store_true")
    asked = parser.parse_args()
    import torch

    if not torch.cuda.is_available() and not asked.cpu:
        print("skipped: no CUDA GPU here (use --cpu --shape tiny to see that it runs)")
        sys.exit(0)
    for name in asked.shape or ["e5-small", "bge-m3"]:
        shape = SHAPES[name]
        method = "m3" if name in {"bge-m3", "tiny"} else "dense"
        params = TrainEmbedderParams(
            method=method, max_steps=asked.steps, batch_size=asked.batch, group_size=asked.group,
            query_max_length=64, passage_max_length=asked.tokens, distill=False, warmup_steps=1,
            learning_rate=1e-5, sub_batch_size=asked.sub_batch, freeze_word_embeddings=False,
            bf16=not asked.cpu, gradient_checkpointing=asked.checkpointing, checkpoint_steps=0,
        )  # fmt: skip
        passages = f"{asked.batch} x {asked.group} passages"
        print(f"{name}, {method}, {passages}, {asked.tokens} tokens ({asked.lengths})")
        groups = make_groups(asked, shape["vocabulary"])
        clocks: list[Clock] = []
        with tempfile.TemporaryDirectory() as folder:
            info = write_model(Path(folder) / "model", shape, m3=method == "m3")
            for label, train in (("ours", train_ours), ("FlagEmbedding", train_theirs)):
                if torch.cuda.is_available():
                    gc.collect()
                    torch.cuda.empty_cache()
                    torch.cuda.reset_peak_memory_stats()
                try:
                    clocks.append(train(info, groups, params, asked.cpu, Path(folder)))
                except torch.cuda.OutOfMemoryError:
                    print(f"  {label}: out of memory", flush=True)
                    continue
                report(label, clocks[-1], asked, shape, groups)
        if len(clocks) == 2:
            apart = max(abs(a - b) for a, b in zip(clocks[0].losses, clocks[1].losses, strict=True))
            speed = sum(clocks[1].seconds[WARM_UP:]) / max(1e-9, sum(clocks[0].seconds[WARM_UP:]))
            print(f"  losses apart by at most {apart:.2g}; ours is {speed:.2f} times as fast")


if __name__ == "__main__":
    main()
