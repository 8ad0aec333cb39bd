"""The stage check_params: what sections ask of one another stops the pipeline before anything is made."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from sunwi.paths import PARAMS_CHECKED

STAGE = Path(__file__).resolve().parents[2] / "stages" / "check_params.py"
ACROSS = {
    "train_reranker: {depth: 9}\npairs: {depth: 8}": "train_reranker.depth is above pairs.depth",
    "submissions: {a: {}}\nscore: {baseline: b}": "score.baseline is 'b'",
    "submissions: {a: {}}\nscore: {baseline: a}\nreport: {headline: c}": "report.headline is 'c'",
    "bm24: {}": "key 'bm24' is not known here",
}


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def run(text: str) -> Path:
        (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
        runpy.run_path(str(STAGE), run_name="__main__")
        return tmp_path / PARAMS_CHECKED

    return run


def test_its_output_never_changes(check) -> None:
    """So that a changed parameter runs again what reads it, and not every stage behind the check."""
    first = check("").read_bytes()
    assert first
    assert check("seed: 7\nsubmissions: {a: {k: 2}}\nscore: {baseline: a}\n").read_bytes() == first


@pytest.mark.parametrize(("text", "named"), ACROSS.items())
def test_a_fault_between_sections_stops_it(
    check, text: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        check(text)
    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert named in error
    assert "Next: " in error
    assert [path.name for path in tmp_path.rglob("*")] == ["params.yaml"]
