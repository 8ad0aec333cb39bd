"""The question stage with a language model, run by DVC over loopback HTTP with a planted key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.llm_server import FakeServer
from tests.pipeline.tiny_project import PASSAGES, dvc, make_project, set_params

pytestmark = pytest.mark.timeout(600)

KEY = "sk-planted-77b1e0c4d2"
VARIABLE = "SUNWI_TEST_KEY"
NO_PROXY = {"NO_PROXY": "127.0.0.1"}


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    fake.default = lambda body: fake.chat(answer(fake.asked(body)))
    yield fake
    fake.close()


def answer(asked: str) -> str:
    """Three questions in the words of the passage's first sentence."""
    passage = asked.split("<글>")[1].split("</글>", maxsplit=1)[0]
    words = [word.strip(".,()") for word in passage.split()][1:7]
    texts = [
        f"{words[0]} {words[1]} 무엇인가요?",
        f"{words[2]} {words[3]} 왜 그런가요?",
        f"{words[4]} {words[5]} 뭐야?",
    ]
    return json.dumps({"questions": [{"style": "factual", "question": text} for text in texts]})


def project_for(folder: Path, server: FakeServer) -> Path:
    made = make_project(folder)
    params = yaml.safe_load((made / "params.yaml").read_text(encoding="utf-8"))
    params["qa"] |= {"provider": "llm", "round_trip": "bm25"}
    params["llm"] |= {
        "provider": "openai", "base_url": f"{server.address}/v1", "api_key_env": VARIABLE,
        "price_in": 1.0, "price_out": 2.0,
    }  # fmt: skip
    (made / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")
    return made


def sunwi(folder: Path, *arguments: str) -> None:
    environment = os.environ | {"SUNWI_CACHE_DIR": str(folder / ".cache")}
    command = [sys.executable, "-c", "from sunwi.cli import main; main()", *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory, server: FakeServer) -> Path:
    return project_for(tmp_path_factory.mktemp("llm") / "mine", server)


def test_paid_once_reproduced_without_a_key_and_no_key_anywhere(
    mine: Path, tmp_path: Path, server: FakeServer
) -> None:
    printed = dvc(mine, "repro", "generate_qa", **NO_PROXY, **{VARIABLE: KEY})
    assert f"{PASSAGES} rows: 0 cached, {PASSAGES} calls" in printed
    assert server.calls == PASSAGES
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    spent = json.loads((mine / "metrics" / "llm.json").read_text(encoding="utf-8"))
    assert spent["questions"]["solar-pro2"]["rows"] == PASSAGES
    assert spent["questions"]["solar-pro2"]["cost"] == pytest.approx(PASSAGES * (10 * 1 + 5 * 2) / 1e6)
    assert (mine / "data" / "qa" / "questions.jsonl").stat().st_size

    sunwi(mine, "cache", "export", str(tmp_path / "answers.jsonl"))
    theirs = project_for(tmp_path / "theirs", server)
    sunwi(theirs, "cache", "import", str(tmp_path / "answers.jsonl"))
    dvc(theirs, "repro", "generate_qa", **NO_PROXY)  # no key is set here
    assert server.calls == PASSAGES
    assert (theirs / "dvc.lock").read_bytes() == (mine / "dvc.lock").read_bytes()

    written = [path for folder in (mine, tmp_path) for path in folder.rglob("*") if path.is_file()]
    assert len(written) > 1000
    assert KEY not in printed
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []


def test_drafts_of_a_reasoning_model_are_no_questions(mine: Path, server: FakeServer) -> None:
    """The key of one letter occurs in the marks of the thinking: it must not be cut out of them.

    In the project of the test before, whose answers are another model's.
    """
    draft = '{"questions": [{"style": "factual", "question": "초안에서 버린 물음은 무엇인가요?"}]}'
    thinking = f"<think>\n먼저 초안: {draft}\n다시 쓰자.\n</think>\n"
    plain = server.default
    server.default = lambda body: server.chat(thinking + answer(server.asked(body)))
    calls = server.calls
    try:
        set_params(mine, "llm", "model", "reasoner")
        dvc(mine, "repro", "generate_qa", **NO_PROXY, **{VARIABLE: "k"})
    finally:
        server.default = plain
    assert server.calls == calls + PASSAGES
    kept = (mine / "data" / "qa" / "questions.jsonl").read_text(encoding="utf-8")
    rejected = (mine / "data" / "qa" / "rejected.jsonl").read_text(encoding="utf-8")
    assert '"generator": "llm:reasoner"' in kept
    for text in (kept, rejected):
        assert "초안" not in text
        assert "think" not in text
