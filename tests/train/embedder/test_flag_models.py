"""Our subclasses against FlagEmbedding's own models: the same loss, less memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.train.conftest import alone, mined_rows

from sunwi.models.spec import ModelInfo
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.collator import GroupCollator
from sunwi.train.embedder.groups import Group, schedule

PARAMS = TrainEmbedderParams(batch_size=4, group_size=3, max_steps=1)


def m3_model(kind: type[Any], folder: Any, **options: Any) -> Any:
    from FlagEmbedding.finetune.embedder.encoder_only.m3 import EncoderOnlyEmbedderM3Runner
    from transformers import AutoTokenizer

    base = EncoderOnlyEmbedderM3Runner.get_model(str(folder), torch_dtype=torch.float32)
    model = kind(
        base, tokenizer=AutoTokenizer.from_pretrained(folder), temperature=0.02, kd_loss_type="kl_div",
        sentence_pooling_method="cls", normalize_embeddings=True, unified_finetuning=True,
        use_self_distill=True, **options,
    )  # fmt: skip
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model.train()


def batch_of(
    info: ModelInfo, params: TrainEmbedderParams, guide: Any = None
) -> tuple[dict[str, Any], list[Group]]:
    from transformers import AutoTokenizer

    groups = schedule(mined_rows(8), alone, params, 1).groups
    tokenizer = AutoTokenizer.from_pretrained(info.folder)
    return GroupCollator(tokenizer, info, params, guide)(groups), groups


def loss_and_gradient(model: Any, batch: dict[str, Any]) -> tuple[float, dict[str, torch.Tensor]]:
    loss = model(**batch).loss
    model.zero_grad()
    loss.backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return float(loss.detach()), gradients


@pytest.mark.parametrize("distill", [True, False])
def test_m3_loss_and_gradients_are_flagembeddings(tiny_models: dict[str, ModelInfo], distill: bool) -> None:
    from FlagEmbedding.finetune.embedder.encoder_only.m3.modeling import EncoderOnlyEmbedderM3Model

    from sunwi.train.embedder.models import M3Model

    info = tiny_models["m3"]
    batch, _ = batch_of(info, PARAMS.model_copy(update={"distill": distill}))
    ours, our_gradients = loss_and_gradient(m3_model(M3Model, info.folder), batch)
    plain = {name: batch[name] for name in ("queries", "passages", "teacher_scores")}
    theirs, their_gradients = loss_and_gradient(m3_model(EncoderOnlyEmbedderM3Model, info.folder), plain)
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert our_gradients.keys() == their_gradients.keys()
    for name, gradient in their_gradients.items():
        assert torch.allclose(our_gradients[name], gradient, atol=1e-5), name


def largest_tensor(model: Any, batch: dict[str, Any]) -> int:
    """Numbers in the largest tensor that any operation of the forward pass makes."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Largest(TorchDispatchMode):
        found = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            if isinstance(out, torch.Tensor):
                self.found = max(self.found, out.numel())
            return out

    with Largest() as largest:
        model(**batch)
    return largest.found


def test_m3_never_holds_batch_by_tokens_by_vocabulary(tiny_models: dict[str, ModelInfo]) -> None:
    from FlagEmbedding.finetune.embedder.encoder_only.m3.modeling import EncoderOnlyEmbedderM3Model

    from sunwi.train.embedder.models import M3Model

    info = tiny_models["m3"]
    batch, _ = batch_of(info, PARAMS)
    passages, tokens = batch["passages"]["input_ids"].shape
    blown_up = passages * tokens * 5000
    plain = {name: batch[name] for name in ("queries", "passages", "teacher_scores")}
    for kind, rows, limit in (
        (M3Model, batch, passages * 5000),
        (EncoderOnlyEmbedderM3Model, plain, blown_up),
    ):
        model = m3_model(kind, info.folder)
        model.vocab_size = 5000  # as if the vocabulary were large; the ids stay the small one's
        assert largest_tensor(model, rows) == limit


@pytest.mark.parametrize("kind", ["bert", "m3"])
def test_sub_batches_sorted_by_length_change_no_loss(tiny_models: dict[str, ModelInfo], kind: str) -> None:
    from sunwi.train.embedder.models import DenseModel, M3Model

    info = tiny_models[kind]
    losses = []
    for size in (0, 5):
        batch, _ = batch_of(info, PARAMS.model_copy(update={"sub_batch_size": size}))
        assert isinstance(batch["passages"], list) == (size > 0)
        if kind == "m3":
            model = m3_model(M3Model, info.folder)
        else:
            from sunwi.models.encoder_weights import load_encoder

            base = load_encoder(info.folder, torch.float32).eval()  # no dropout
            model = DenseModel(
                base, temperature=0.02, sentence_pooling_method="mean", normalize_embeddings=True
            )
            model.training = True
        losses.append(float(model(**batch).loss.detach()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


class FixedGuide:
    """Masks one passage for one question."""

    def __init__(self, question: int, passage: int) -> None:
        self.question, self.passage = question, passage

    def allowed(self, batch: list[Group]) -> np.ndarray:
        mask = np.ones((len(batch), sum(len(group.passages) for group in batch)), dtype=bool)
        mask[self.question, self.passage] = False
        return mask


def test_a_masked_passage_is_no_negative(tiny_models: dict[str, ModelInfo]) -> None:
    """The loss is the cross-entropy over the passages that are left, computed here by hand."""
    from sunwi.models.encoder_weights import load_encoder
    from sunwi.train.embedder.models import DenseModel

    info = tiny_models["bert"]
    params = PARAMS.model_copy(update={"distill": False})
    batch, _ = batch_of(info, params, FixedGuide(0, 4))
    base = load_encoder(info.folder, torch.float32).eval()
    model = DenseModel(base, temperature=0.02, sentence_pooling_method="mean", normalize_embeddings=True)
    model.training = True
    loss = float(model(**batch).loss.detach())
    with torch.no_grad():
        scores = (model.encode(batch["queries"]) @ model.encode(batch["passages"]).T / 0.02).double()
    by_hand = []
    for question, row in enumerate(scores):
        expected = [number for number in range(len(row)) if (question, number) != (0, 4)]
        by_hand.append(float(torch.logsumexp(row[expected], 0) - row[question * 3]))
    assert loss == pytest.approx(np.mean(by_hand), rel=1e-5)


def test_a_head_that_is_left_out_has_no_loss(tiny_models: dict[str, ModelInfo]) -> None:
    """The loss of dense and lexical by hand, from FlagEmbedding's own vectors."""
    from FlagEmbedding.finetune.embedder.encoder_only.m3.modeling import EncoderOnlyEmbedderM3Model
    from torch.nn.functional import cross_entropy, log_softmax, softmax

    from sunwi.train.embedder.models import M3Model

    info = tiny_models["m3"]
    batch, _ = batch_of(info, PARAMS.model_copy(update={"distill": False}))
    chosen = m3_model(M3Model, info.folder)
    chosen.choose(["dense", "lexical"])
    ours, our_gradients = loss_and_gradient(chosen, batch)

    whole = m3_model(EncoderOnlyEmbedderM3Model, info.folder)
    queries, passages = whole.encode(batch["queries"]), whole.encode(batch["passages"])
    dense, lexical = (queries[at] @ passages[at].T / 0.02 for at in (0, 1))
    target = torch.arange(4) * 3
    ensemble = dense + 0.3 * lexical
    hard = (
        cross_entropy(dense, target) + cross_entropy(ensemble, target) + 0.1 * cross_entropy(lexical, target)
    )
    teacher = softmax(ensemble.detach(), dim=-1)

    def soft(scores: torch.Tensor) -> torch.Tensor:
        return -(log_softmax(scores, dim=-1) * teacher).sum(dim=-1).mean()

    loss = (hard / 4 + (soft(dense) + 0.1 * soft(lexical)) / 3) / 2
    loss.backward()
    assert ours == pytest.approx(float(loss.detach()), rel=1e-6)
    assert not {name for name in our_gradients if name.startswith("colbert")}
    for name, gradient in our_gradients.items():
        assert torch.allclose(gradient, dict(whole.named_parameters())[name].grad, atol=1e-5), name


@pytest.mark.parametrize("left_out", ["lexical", "colbert"])
def test_a_head_that_is_left_out_costs_nothing(tiny_models: dict[str, ModelInfo], left_out: str) -> None:
    from sunwi.models.heads import STEMS
    from sunwi.params.train_embedder import HEADS
    from sunwi.train.embedder.models import M3Model

    info = tiny_models["m3"]
    batch, _ = batch_of(info, PARAMS.model_copy(update={"distill": False}))
    model = m3_model(M3Model, info.folder)
    model.choose([head for head in HEADS if head != left_out])
    ran = []
    for head, stem in STEMS.items():
        getattr(model, stem).register_forward_hook(lambda *_, head=head: ran.append(head))
    _, gradients = loss_and_gradient(model, batch)
    assert set(ran) == {head for head in STEMS if head != left_out}
    assert not {name for name in gradients if name.startswith(STEMS[left_out])}


@pytest.mark.parametrize("mode", ["in_batch_negatives", "hard_negatives", "all_negatives"])
def test_hard_negatives_weigh_as_in_sentence_transformers(mode: str) -> None:
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    from sunwi.train.embedder.hardness import hard_negatives

    vectors = torch.nn.functional.normalize(
        torch.randn(4 + 12, 8, generator=torch.Generator().manual_seed(1)), dim=-1
    )
    queries, passages = vectors[:4], vectors[4:]  # three passages a question, its positive first
    theirs = MultipleNegativesRankingLoss(None, scale=50, hardness_mode=mode, hardness_strength=5.0)
    expected = theirs.compute_loss_from_embeddings([queries, *(passages[at::3] for at in range(3))], None)
    scores, target = queries @ passages.T * 50, torch.arange(4) * 3
    found = torch.nn.functional.cross_entropy(
        scores + 5.0 / 50 * hard_negatives(scores, target, mode), target
    )
    assert float(found) == pytest.approx(float(expected), rel=1e-6)


def test_hardness_changes_the_trained_loss_and_no_masked_passage(tiny_models: dict[str, ModelInfo]) -> None:
    from sunwi.models.encoder_weights import load_encoder
    from sunwi.train.embedder.models import DenseModel

    info = tiny_models["bert"]
    batch, _ = batch_of(info, PARAMS.model_copy(update={"distill": False}), FixedGuide(0, 4))
    base = load_encoder(info.folder, torch.float32).eval()
    losses = []
    for mode in (None, "all_negatives"):
        model = DenseModel(base, temperature=0.02, sentence_pooling_method="mean", normalize_embeddings=True)
        model.hardness_mode, model.hardness_strength, model.training = mode, 5.0, True
        losses.append(float(model(**batch).loss.detach()))
    assert losses[1] > losses[0]
    assert np.isfinite(losses).all()
