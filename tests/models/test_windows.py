"""Long passages are read to their end: windows, their vectors, and what dense search makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.conftest import write_tiny_bert

from sunwi.errors import ModelError
from sunwi.models.encoder import Encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.passage_vectors import Windows, encode_passages, told
from sunwi.models.resolver import resolve
from sunwi.models.windows import read_in_windows, window_starts
from sunwi.params.dense import DenseParams
from sunwi.params.encoder import EncoderParams
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.approximate import ApproximateDenseRetriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.retrievers.dense_torch import TorchDenseRetriever

LIMITS = EncoderParams(max_length=10, query_max_length=10)
LONG = "물 빛 산소 힘 물 빛 산소 힘 지진 바다 지진"  # 11 tokens, 8 are read at once


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Encoder(resolve(str(write_tiny_bert(tmp_path_factory.mktemp("m") / "bert", labels=0)))).tokenizer()


def test_pieces_by_hand(tokenizer: Any) -> None:
    reading = read_in_windows(tokenizer, ["물 빛", LONG, "산소"], 10)
    assert (reading.room, reading.tokens.tolist()) == (8, [2, 11, 1])
    assert (reading.pieces, reading.owners.tolist()) == ([LONG[len("물 빛 산소 ") :]], [1])
    assert (reading.long, reading.beyond) == (1, 3)
    line = told(reading, "passages", "encoder.max_length", windows=False)
    assert line is not None
    assert "1 of 3 passages are longer than encoder.max_length (8 tokens): 3 tokens (21.4% of all)" in line
    assert told(read_in_windows(tokenizer, ["물"], 10), "passages", "key", windows=True) is None


@given(st.integers(1, 90), st.integers(1, 40))
@settings(deadline=None)
def test_windows_cover_a_text_and_overlap(tokens: int, room: int) -> None:
    starts = window_starts(tokens, room)
    assert starts[0] == 0
    assert starts[-1] == max(0, tokens - room)
    steps = np.diff(starts)
    assert all(1 <= step <= max(1, 3 * room // 4) for step in steps)


@given(st.integers(20, 120), st.sampled_from([" ", "\n", "  "]))
@settings(deadline=None, max_examples=30)
def test_every_word_is_read(tokenizer: Any, count: int, space: str) -> None:
    words = [f"w{number}" for number in range(count)]
    reading = read_in_windows(tokenizer, [space.join(words)], 12)
    read = {word for piece in reading.pieces for word in piece.split()}
    assert set(words) == {*words[: reading.room], *read}
    for piece in reading.pieces:
        assert len(tokenizer(piece)["input_ids"]) <= 12


def test_a_word_longer_than_a_window_is_read(tokenizer: Any) -> None:
    text = "물" * 40  # its tokens are parts of one word
    reading = read_in_windows(tokenizer, [text], 10)
    tokens = int(reading.tokens[0])
    assert tokens == 1 or sum(map(len, reading.pieces)) >= len(text) - reading.room


def test_no_room_is_an_error(tokenizer: Any) -> None:
    with pytest.raises(ModelError, match="leave no room"):
        read_in_windows(tokenizer, ["물"], 8, "물 빛 산소 힘 물 빛 산소")


def test_the_best_window_counts(tiny_bert: Path, own_cache: Path) -> None:
    encoder = Encoder(resolve(str(tiny_bert)))
    starts, windows = encode_passages(encoder, ["물 빛", LONG], LIMITS)
    assert windows is not None
    by_hand = encoder.encode([LONG, LONG[len("물 빛 산소 ") :]], "passage", 10).astype(np.float32)
    asked = encoder.encode(["지진 바다 지진"], "query", 10)
    queries = QueryBatch(["q"], ["지진 바다 지진"], [[]], asked)
    expected = (by_hand @ asked[0].astype(np.float32)).max()
    for found in (DenseRetriever(starts, windows), TorchDenseRetriever(starts, "cpu", windows)):
        assert found.scores(queries)[0, 1] == pytest.approx(expected, abs=1e-6)
        assert found.scores(queries)[0, 0] == pytest.approx(float(starts[0] @ asked[0]), abs=2e-3)
    cut = LIMITS.model_copy(update={"windows": False})
    assert encode_passages(encoder, ["물 빛", LONG], cut)[1] is None
    assert encode_passages(encoder, ["물 빛"], LIMITS)[1] is None


def test_scores_by_hand() -> None:
    starts = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float16)
    windows = Windows(np.array([[0, 1], [0.8, 0.6], [1, 0]], dtype=np.float16), np.array([0, 2, 2]))
    queries = QueryBatch(["q"], ["질문"], [[]], np.array([[0, 1]], dtype=np.float16))
    exact = DenseRetriever(starts, windows).scores(queries)
    np.testing.assert_allclose(exact, [[1, 1, 0.8]], atol=1e-3)
    near = ApproximateDenseRetriever(starts, DenseParams(index="hnsw"), None, windows).scores(queries)
    np.testing.assert_allclose(near, exact, atol=1e-3)
    mean = windows.mean(starts)
    np.testing.assert_allclose(mean[0], [0.5**0.5, 0.5**0.5], atol=1e-3)
    np.testing.assert_array_equal(mean[1], starts[1])


def test_late_interaction_reads_windows(tiny_bert: Path, own_cache: Path) -> None:
    encoder = Encoder(resolve(str(tiny_bert)))
    piece = LONG[len("물 빛 산소 ") :]
    pairs = [("지진 바다", LONG), ("지진 바다", "물"), ("물 빛", LONG)]
    found = LateInteraction(encoder, 10, 10).score(pairs)
    parts = LateInteraction(encoder, 10, 10, windows=False)
    starts, pieces = parts.score(pairs), parts.score([(query, piece) for query, _ in pairs])
    np.testing.assert_array_equal(found, [max(starts[0], pieces[0]), starts[1], max(starts[2], pieces[2])])
