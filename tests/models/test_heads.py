"""M3's heads against FlagEmbedding's own model on a small random folder of the BGE-M3 form."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from sunwi.errors import ModelError
from sunwi.models.encoder import Encoder
from sunwi.models.heads import load_head
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve
from sunwi.models.saving import load_state, save_encoder
from sunwi.params.encoder import EncoderParams
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.m3_lexical import M3LexicalRetriever

TEXTS = ["물 빛", "산소 힘 지진 물", "한글 바다 달 빛 빛"]
LIMITS = EncoderParams(max_length=16, query_max_length=16)


@pytest.fixture
def tiny_m3(tmp_path: Path) -> Path:
    """XLM-RoBERTa with both heads, from a seed."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    folder = tmp_path / "tiny-bge-m3"
    words = ["<s>", "<pad>", "</s>", "<unk>", "물", "빛", "산소", "힘", "지진", "한글", "바다", "달"]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>",
        unk_token="<unk>", pad_token="<pad>", model_max_length=24,
    ).save_pretrained(folder)  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(11)
        config = XLMRobertaConfig(
            vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=32, initializer_range=1.0, pad_token_id=1,
        )  # fmt: skip
        XLMRobertaModel(config).save_pretrained(folder)
        torch.save(torch.nn.Linear(16, 1).state_dict(), folder / "sparse_linear.pt")
        torch.save(torch.nn.Linear(16, 16).state_dict(), folder / "colbert_linear.pt")
    return folder


def test_heads_equal_flagembeddings(tiny_m3: Path, own_cache: Path) -> None:
    from FlagEmbedding import BGEM3FlagModel

    oracle = BGEM3FlagModel(str(tiny_m3), use_fp16=False, devices="cpu")
    given = oracle.encode(TEXTS, return_sparse=True, return_colbert_vecs=True, max_length=16)
    encoder = Encoder(resolve(str(tiny_m3)))
    assert encoder.info.heads == ("dense", "lexical", "colbert")
    found = encoder.term_weights(TEXTS, "passage", 16)
    assert any(found)
    for ours, theirs in zip(found, given["lexical_weights"], strict=True):
        expected = {int(token): float(weight) for token, weight in theirs.items()}
        assert ours.keys() == expected.keys()
        assert ours == pytest.approx(expected, abs=1e-5)
    vectors = encoder.token_vectors(TEXTS, "passage", 16)
    for ours_of, theirs_of in zip(vectors, given["colbert_vecs"], strict=True):
        np.testing.assert_allclose(ours_of, theirs_of, atol=5e-4)  # float16
    (score,) = LateInteraction(encoder, 16, 16).score([(TEXTS[0], TEXTS[1])])
    colbert = oracle.colbert_score(given["colbert_vecs"][0], given["colbert_vecs"][1])
    assert score == pytest.approx(float(colbert), abs=2e-4)

    terms = M3LexicalRetriever(encoder, TEXTS, LIMITS)
    none = np.zeros((1, 0), dtype=np.float16)
    scores = terms.scores(QueryBatch(["q"], TEXTS[2:], [[]], none))[0]
    weights = given["lexical_weights"]
    expected_scores = [oracle.compute_lexical_matching_score(weights[2], other) for other in weights]
    np.testing.assert_allclose(scores, expected_scores, atol=1e-5)


def test_a_long_passage_is_read_to_its_end(tiny_m3: Path, own_cache: Path) -> None:
    import torch

    head = torch.load(tiny_m3 / "sparse_linear.pt", weights_only=True)
    head["bias"] += 5.0  # every token weighs something
    torch.save(head, tiny_m3 / "sparse_linear.pt")
    encoder = Encoder(resolve(str(tiny_m3)))
    passages = [
        "물 힘 물 힘 물 힘 물 지진",
        "물 힘",
    ]  # of 8 tokens 2 are special
    limits = EncoderParams(max_length=8, query_max_length=8, windows=False)
    query = QueryBatch(["q"], ["지진 물"], [[]], np.zeros((1, 0), dtype=np.float16))
    starts = encoder.term_weights(passages, "passage", 8)
    last = encoder.reading(passages, "passage", 8).pieces
    assert last == ["물 힘 물 힘 물 지진"]
    (of_last,) = encoder.term_weights(last, "passage", 8)
    (of_query,) = encoder.term_weights(query.texts, "query", 8)
    long = {token: max(starts[0].get(token, 0), of_last.get(token, 0)) for token in {*starts[0], *of_last}}
    assert long.keys() - starts[0].keys()  # the last word weighs something

    def by_hand(row: dict[int, float]) -> float:
        return sum(weight * row.get(token, 0.0) for token, weight in of_query.items())

    cut = M3LexicalRetriever(encoder, passages, limits).scores(query)[0]
    np.testing.assert_allclose(cut, [by_hand(row) for row in starts], rtol=1e-5)
    whole = M3LexicalRetriever(encoder, passages, limits.model_copy(update={"windows": True})).scores(query)[
        0
    ]
    np.testing.assert_allclose(whole, [by_hand(long), by_hand(starts[1])], rtol=1e-5)
    assert whole[0] > cut[0]


def test_a_head_that_runs_code_is_refused(tiny_m3: Path) -> None:
    (tiny_m3 / "sparse_linear.pt").write_bytes(pickle.dumps(Path("x")))
    with pytest.raises(ModelError, match="contains more than tensors"):
        load_head(resolve(str(tiny_m3)), "lexical")


def test_safetensors_come_first(tiny_m3: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    tensors = {"weight": torch.ones(1, 16), "bias": torch.zeros(1)}
    encoder = load_state(tiny_m3)
    save_file(tensors, tiny_m3 / "sparse_linear.safetensors")
    info = resolve(str(tiny_m3))
    assert float(load_head(info, "lexical")["weight"].sum()) == 16.0
    assert load_state(tiny_m3).keys() == encoder.keys()  # a head is no weight of the encoder
    (tiny_m3 / "sparse_linear.pt").unlink()
    assert resolve(str(tiny_m3)).heads == ("dense", "lexical", "colbert")
    save_encoder(info, None, tmp_path / "copy")
    copy = resolve(str(tmp_path / "copy"))
    assert (copy.folder / "sparse_linear.pt").exists()  # FlagEmbedding reads no other form
    assert float(load_head(copy, "lexical")["weight"].sum()) == 16.0


def test_heads_alone_are_no_model(tiny_m3: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(1, 16)}, tiny_m3 / "sparse_linear.safetensors")
    (tiny_m3 / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="has neither"):
        resolve(str(tiny_m3))


def test_a_missing_head_is_named(tiny_bert: Path, own_cache: Path) -> None:
    encoder = Encoder(resolve(str(tiny_bert)))
    with pytest.raises(ModelError, match="it has no lexical head"):
        encoder.term_weights(["물"], "query", 16)
    with pytest.raises(ModelError, match="search without lexical"):
        M3LexicalRetriever(encoder, ["물"], LIMITS)


def test_term_weights_are_computed_once(tiny_m3: Path, own_cache: Path) -> None:
    first = Encoder(resolve(str(tiny_m3))).term_weights(TEXTS, "passage", 16)
    again = Encoder(resolve(str(tiny_m3)))
    assert again.term_weights(TEXTS[::-1], "passage", 16) == first[::-1]
    assert again._states.loaded is None  # cached rows need no weights
