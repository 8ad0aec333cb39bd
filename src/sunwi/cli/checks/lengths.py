"""Whether passages and questions are read to their end; the numbers are those of the encode stage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sunwi.cli.checks import Finding
from sunwi.params.whole import Params
from sunwi.paths import METRICS
from sunwi.records.files import read_json

TOPIC = "project"


def check_lengths(project: Path, params: Params) -> list[Finding]:
    """What the last encode stage read of passages and questions; nothing where it has not run."""
    path = project / METRICS / "encode_base.json"
    if not path.exists():
        return []
    facts, encoder = read_json(path), params.encoder
    asked = "questions", "encoder.query_max_length", encoder.query_max_length
    return [
        _finding("passages", "encoder.max_length", encoder.max_length, facts["passages"], encoder.windows),
        _finding(*asked, facts["questions"], windows=False),
        *_starts_alone(facts["passages"]["longest_tokens"], facts["questions"]["longest_tokens"], params),
    ]


def _starts_alone(passage: int, question: int, params: Params) -> list[Finding]:
    """Readers without windows that do not reach the end of the longest passage (and question), in tokens."""
    embedder, reranker, sparse = params.train_embedder, params.train_reranker, params.sparse
    readers = [
        ("train_embedder.passage_max_length", embedder.enabled, embedder.passage_max_length, passage),
        ("train_reranker.max_length", reranker.enabled, reranker.max_length, passage + question),
        ("sparse.passage_max_length", sparse.enabled, sparse.passage_max_length, passage),
    ]
    short = [
        f"{key} {limit} of up to {needed}" for key, used, limit, needed in readers if used and limit < needed
    ]
    if not short:
        return []
    return [Finding(TOPIC, "starts read alone", "note", f"what is behind is cut: {', '.join(short)} tokens")]


def _finding(what: str, key: str, limit: int, facts: Mapping[str, int], windows: bool) -> Finding:
    name = f"{what} read"
    if not facts["longer"]:
        found = f"to their end: the longest has {facts['longest_tokens']} tokens of {facts['read_at_once']}"
        return Finding(TOPIC, name, "ok", found)
    longer = f"{facts['longer']} of {facts['texts']} are longer than {key} ({facts['read_at_once']} tokens)"
    if windows:
        return Finding(TOPIC, name, "ok", f"{longer}; dense search and late interaction read them in windows")
    share = facts["tokens_beyond"] / facts["tokens"]
    enough = facts["longest_tokens"] + limit - facts["read_at_once"]  # prefix and special tokens count, too
    fix = f"dvc exp run -S {key}={enough}" if what == "questions" else "dvc exp run -S encoder.windows=true"
    return Finding(TOPIC, name, "note", f"{longer}; {share:.1%} of all tokens are not read", fix)
