"""Prior weights: what each component brings to BM25 + dense, by its weight, on one set of labelled questions.

python -m benchmarks.search.prior_weights demo FOLDER
    a built project: its dev questions, and its questions as the index
python -m benchmarks.search.prior_weights squad KorQuAD_v1.0_dev.json
    people's questions; template questions as the index
python -m benchmarks.search.prior_weights sci CORPUS.jsonl QUESTIONS.jsonl
    questions with `source`: a passage's index has those of one source, the queries are those of the others
    that copy little (leave one generator out)

--sentences FOLDER encodes every sentence too; --maxsim re-orders the first 15 by MaxSim. MRR@10; the paired
interval is of the difference to BM25 at .4 + dense (bootstrap, 95 %).
"""

import argparse
import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.search.bm25_quality import held_out, read_squad
from sunwi.models.encoder import Encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.qa.template.candidates import template_candidates
from sunwi.records.corpus import Document
from sunwi.search.fusion.normalise import standardised, zscore
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.sentence_store import load_sentences, save_sentences
from sunwi.search.index.terms import index_terms, overlap_terms
from sunwi.search.labelled import first_relevant_rank
from sunwi.search.passages import Passages, make_queries
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.search.retrievers.base import Retriever, Scores
from sunwi.search.retrievers.bm25 import Bm25Retriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.retrievers.questions import QuestionRetriever
from sunwi.search.top import top
from sunwi.text import overlap
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import prepared
from sunwi.workspace.labels import natural
from sunwi.workspace.questions import questions

BM25 = 0.4
GRID = (0.0, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1.0)
DEPTH = 15  # places that MaxSim re-orders


@dataclass(frozen=True)
class Set:
    documents: list[Document]
    asked: list[tuple[str, tuple[str, ...]]]  # question, docids that answer it
    index: list[tuple[str, str]]  # question, its docid


def demo(folder: Path) -> Set:
    workspace = Workspace(folder)
    documents = prepared(workspace).corpus
    docids = sorted(document.docid for document in documents)
    asked = [(row.text, tuple(docids[at] for at in row.relevant)) for row in natural(workspace, "dev")]
    return Set(documents, asked, [(row.question, row.docid) for row in questions(workspace)])


def squad(path: Path, count: int) -> Set:
    """The half of the passages with an odd hash; each has three template questions at most."""
    texts, asked = read_squad(path)
    documents = [Document(docid=docid, content=text) for docid, text in texts.items() if held_out(docid)]
    random.seed(1)
    chosen = random.sample(sorted(row for row in asked if held_out(row[1])), count)
    of_passage: defaultdict[str, list[str]] = defaultdict(list)
    for candidate in template_candidates(documents, ["safe", "medium", "keyword"], 42):
        of_passage[candidate.docid].append(candidate.question)
    index = [(text, docid) for docid, texts in of_passage.items() for text in texts[:3]]
    return Set(documents, [(text, (docid,)) for text, docid in chosen], index)


def sci(corpus: Path, asked: Path, count: int, params: Params) -> Set:
    """Of each passage the index has three questions of its first source; queries are of another source."""
    documents = [Document(docid=row["docid"], content=row["content"]) for row in _lines(corpus)]
    by_source: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in _lines(asked):
        by_source[row["docid"]][row["source"]].append(row["question"])
    index, others = [], []
    for docid, sources in sorted(by_source.items()):
        first = sorted(sources)[int(held_out(docid)) % len(sources)]
        index += [(text, docid) for text in sources[first][:3]]
        others += [(text, docid) for source in sorted(sources) if source != first for text in sources[source]]
    random.seed(3)
    drawn = random.sample(others, min(10 * count, len(others)))
    texts = {document.docid: document.text for document in documents}
    terms = overlap_terms([text for text, _ in drawn], params.bm25.tokenizer)
    of_passages = overlap_terms([texts[docid] for _, docid in drawn], params.bm25.tokenizer)
    low = [
        row
        for row, words, passage in zip(drawn, terms, of_passages, strict=True)
        if overlap(words, passage) <= params.fusion.low_overlap
    ]
    return Set(documents, [(text, (docid,)) for text, docid in low[:count]], index)


def _lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def with_maxsim(fused: Scores, texts: list[str], passages: Passages, scorer: LateInteraction) -> list[Scores]:
    """The fused scores with MaxSim added to the first places, for each weight of the grid."""
    heads = [top(row, DEPTH)[0] for row in fused]
    pairs = [(text, passages.texts[at]) for text, head in zip(texts, heads, strict=True) for at in head]
    found = scorer.score(pairs).reshape(len(texts), -1)
    blended = []
    for weight in GRID:
        scores = fused - 1000.0  # below every re-ordered place
        for row, head in enumerate(heads):
            scores[row, head] = standardised(fused[row, head]) + weight * standardised(found[row])
        blended.append(scores)
    return blended


def interval(gains: npt.NDArray[np.float64], base: npt.NDArray[np.float64]) -> str:
    draws = np.random.default_rng(42).integers(0, len(gains), (5000, len(gains)))
    low, high = np.quantile((gains - base)[draws].mean(axis=1), [0.025, 0.975])
    return f"{gains.mean():.4f} ({100 * (gains - base).mean():+.1f} [{100 * low:+.1f}, {100 * high:+.1f}])"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("form", choices=["demo", "sci", "squad"])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=700, help="questions")
    parser.add_argument("--sentences", type=Path, help="folder for the sentences' vectors")
    parser.add_argument("--maxsim", action="store_true")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    params = Params()
    limits = params.encoder.model_copy(update={"precision": options.precision})
    if options.form == "demo":
        material = demo(options.files[0])
    elif options.form == "squad":
        material = squad(options.files[0], options.count)
    else:
        material = sci(*options.files, options.count, params)
    passages = Passages.of(material.documents)
    encoder = Encoder.of(resolve(limits.model), limits)
    texts = [text for text, _ in material.asked]
    relevant = [tuple(passages.position[docid] for docid in docids) for _, docids in material.asked]
    queries = make_queries(
        [f"q{at}" for at in range(len(texts))], texts, encoder, limits.query_max_length, params.bm25.tokenizer
    )
    vectors = encoder.encode([text for text, _ in material.index], "query", limits.query_max_length)
    owners = np.array([passages.position[docid] for _, docid in material.index])
    qids = [f"i{at}" for at in range(len(owners))]
    lexical = Bm25(index_terms(passages.texts, params.bm25.tokenizer), params.bm25)
    retrievers: list[Retriever] = [
        Bm25Retriever(lexical),
        DenseRetriever(encoder.encode(passages.texts, "passage", limits.max_length)),
        QuestionRetriever(vectors, qids, owners, len(passages)),
    ]
    if options.sentences:
        save_sentences(options.sentences, passages.texts, encoder, limits.max_length)
        retrievers.append(load_sentences(options.sentences, len(passages)))
    z = {retriever.name: zscore(retriever.scores(queries)) for retriever in retrievers}

    def gains(scores: Scores) -> npt.NDArray[np.float64]:
        return reciprocal_rank(first_relevant_rank(scores, relevant))

    fused = z["dense"] + np.float32(BM25) * z["bm25"]
    base = gains(fused)
    print(f"{len(texts)} questions, {len(passages)} passages, {len(owners)} questions in the index")
    print("| component | weight | MRR@10 (points to BM25 .4 + dense) |\n|---|---|---|")
    for name, scores in z.items():
        print(f"| {name} alone | | {gains(scores).mean():.4f} |")
    for weight in (*GRID, 1.5, 2.0):
        print(f"| bm25 | {weight} | {interval(gains(z['dense'] + np.float32(weight) * z['bm25']), base)} |")
    for name in sorted(z.keys() - {"bm25", "dense"}):
        for weight in GRID:
            print(f"| {name} | {weight} | {interval(gains(fused + np.float32(weight) * z[name]), base)} |")
    if options.maxsim:
        scorer = LateInteraction(encoder, limits.query_max_length, limits.max_length)
        for weight, blended in zip(GRID, with_maxsim(fused, texts, passages, scorer), strict=True):
            print(f"| MaxSim of the first {DEPTH} | {weight} | {interval(gains(blended), base)} |")
