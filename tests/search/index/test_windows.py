from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.params.encoder import EncoderParams
from sunwi.search.index.windows import load_windows, write_windows

LIMITS = EncoderParams(max_length=16)
LONG = "식물은 빛을 받아 산소를 만든다. " * 6


def test_windows_come_back_from_disk(encoder: Encoder, tmp_path: Path) -> None:
    reading = encoder.reading(["물", LONG], "passage", 16)
    write_windows(tmp_path, encoder, reading, LIMITS)
    found = load_windows(tmp_path, 2)
    assert found is not None
    assert found.owners.tolist() == [1] * len(reading.pieces)
    np.testing.assert_array_equal(found.vectors, encoder.encode(reading.pieces, "passage", 16))
    with pytest.raises(DataError, match="names passage 1, the corpus has 1"):
        load_windows(tmp_path, 1)
    np.save(tmp_path / "window_passages.npy", np.array([1]))
    with pytest.raises(DataError, match="expected 1"):
        load_windows(tmp_path, 2)


def test_a_corpus_without_a_long_passage_has_no_file(encoder: Encoder, tmp_path: Path) -> None:
    (tmp_path / "windows.npy").write_bytes(b"of an earlier corpus")
    write_windows(tmp_path, encoder, encoder.reading(["물"], "passage", 16), LIMITS)
    assert load_windows(tmp_path, 1) is None
    assert list(tmp_path.iterdir()) == []
