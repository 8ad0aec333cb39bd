"""What making questions costs by function: CPU seconds of all threads, and a hash of what comes out.

    python -m benchmarks.qa.stage_cost DOCUMENTS.jsonl QUESTIONS.jsonl [DIALOGUES.jsonl]
        [--passages 1000] [--questions 3] [--drawn] [--warm] [--lines 30]

DOCUMENTS: lines of docid, content (title). QUESTIONS: lines of docid, question; "template" has the template
provider write them. DIALOGUES: lines of msg (role, content), whose user turns are evaluation queries.
The row cache is a new folder. With --warm a second run is measured that finds all rows in it. With --drawn
the vectors are drawn by a seed of their text: the profile then shows what is left beside the model. Two
versions of the code compare by the hashes that this prints.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import os
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.shared.material import read_rows
from sunwi.models.encoder import Encoder, Vectors, in_memory
from sunwi.models.resolver import resolve
from sunwi.models.spec import Side
from sunwi.params.whole import Params
from sunwi.qa.generate import QaResult, QaSources, generate_questions
from sunwi.records.corpus import Document

DIMENSIONS = 384  # of the builtin encoder: to read its configuration would cost an import


class DrawnVectors(Encoder):
    """Unit vectors drawn by a seed of their text, for the cost of everything beside the model."""

    def encode(
        self,
        texts: Sequence[str],
        side: Side,  # noqa: ARG002  the signature of an encoder
        max_length: int,  # noqa: ARG002  the signature of Encoder.encode
        label: str = "encode",  # noqa: ARG002  the signature of Encoder.encode
        empty: Callable[[tuple[int, int]], Vectors] = in_memory,
    ) -> Vectors:
        """A seeded normal vector of each text, scaled to length 1, shape [texts, dimensions]."""
        vectors = empty((len(texts), DIMENSIONS))
        for row, text in enumerate(texts):
            seed = int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8])
            drawn = np.random.default_rng(seed).standard_normal(DIMENSIONS)
            vectors[row] = drawn / np.linalg.norm(drawn)
        self.count.encoded += len(texts)
        return vectors


def main() -> None:
    """Print CPU and elapsed seconds, the costliest functions, and the hashes of the outputs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("given", type=Path, metavar="questions")
    parser.add_argument("dialogues", type=Path, nargs="?")
    parser.add_argument("--passages", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=3, help="given questions of a passage")
    parser.add_argument("--drawn", action="store_true")
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--lines", type=int, default=30)
    arguments = parser.parse_args()
    sources = _sources(arguments)
    provider = "given" if sources.given else "template"
    params = Params.model_validate({"qa": {"provider": provider}})
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SUNWI_CACHE_DIR"] = folder
        kind = DrawnVectors if arguments.drawn else Encoder
        if arguments.warm:
            generate_questions(sources, params, kind.of(resolve(params.encoder.model), params.encoder))
        encoder = kind.of(resolve(params.encoder.model), params.encoder)
        profile = cProfile.Profile(time.process_time)  # of all threads
        cpu, clock = time.process_time(), time.perf_counter()
        result = profile.runcall(generate_questions, sources, params, encoder)
        cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    pstats.Stats(profile).sort_stats("cumulative").print_stats(arguments.lines)
    print(f"{len(sources.documents)} passages, {result.metrics['candidates']} questions: {cpu:.1f} CPU s")
    print(f"{clock:.1f} s by the clock; encoded {encoder.count.encoded}, cached {encoder.count.cached}")
    print(json.dumps(_hashes(result)))


def _sources(arguments: argparse.Namespace) -> QaSources:
    documents = [
        Document(docid=str(row["docid"]), content=row["content"], title=row.get("title"))
        for row in read_rows(arguments.documents)
    ]
    documents = sorted(documents, key=Document.sort_key)[: arguments.passages]
    known, taken, given = {document.docid for document in documents}, Counter[str](), []
    for row in read_rows(arguments.given) if str(arguments.given) != "template" else ():
        docid = str(row["docid"])
        if docid in known and taken[docid] < arguments.questions:
            taken[docid] += 1
            given.append((docid, row["question"], "file"))
    turns = []
    if arguments.dialogues:
        lines = arguments.dialogues.read_text(encoding="utf-8").splitlines()
        messages = [message for line in lines for message in json.loads(line)["msg"]]
        turns = [message["content"] for message in messages if message["role"] == "user"]
    return QaSources(documents, given, turns)


def _hashes(result: QaResult) -> dict[str, str]:
    """SHA-256 of each output as JSON."""
    tables = {"kept": result.kept, "rejected": result.rejected, "contexts": result.contexts}
    texts = {name: "\n".join(row.model_dump_json() for row in rows) for name, rows in tables.items()}
    texts["metrics"] = json.dumps(result.metrics, ensure_ascii=False)
    return {name: hashlib.sha256(text.encode("utf-8")).hexdigest()[:16] for name, text in texts.items()}


if __name__ == "__main__":
    main()
