"""BM25 with a query's similar morphemes, by Kiwi's language model, at a low weight.

python -m benchmarks.search.similar_morphemes demo
python -m benchmarks.search.similar_morphemes squad KorQuAD_v1.0_dev.json
"""

import argparse
import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from kiwipiepy import SimilarMorpheme

from benchmarks.search.bm25_quality import held_out, read_squad
from benchmarks.shared.material import DEMO, read_rows
from sunwi.params.bm25 import Bm25Params
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import index_terms
from sunwi.search.labelled import first_relevant_rank
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.text import kiwi
from sunwi.trec import read_qrels

CONTENT = {"NNG", "VV", "VA", "XR", "MAG"}
WEIGHTS = (0.05, 0.1, 0.2, 0.4)
SETTINGS = ((1, 0.6), (3, 0.6), (3, 0.7))  # similar morphemes of each, and their cosine at least


def read_demo() -> tuple[dict[str, str], list[tuple[str, frozenset[str]]]]:
    """Passages, and people's dev questions of one turn with their relevant passages."""
    documents = {row["docid"]: row["content"] for row in read_rows(DEMO / "corpus.jsonl")}
    qrels = read_qrels(DEMO / "dev_qrels.tsv")
    asked = []
    for line in (DEMO / "dev_queries.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answering = frozenset(
            docid for docid, grade in qrels.get(str(row["eval_id"]), {}).items() if grade > 0
        )
        if len(row["messages"]) == 1 and answering:
            asked.append((row["messages"][0]["content"], answering))
    return documents, asked


@cache
def neighbours(form: str, tag: str, count: int) -> Sequence[SimilarMorpheme]:
    """The most similar morphemes, best first; none of one that the model does not know."""
    try:
        found: list[SimilarMorpheme] = kiwi().most_similar_morphemes((form, tag), top_n=count)
    except ValueError:
        return []
    return found


def similar(texts: Sequence[str], count: int, cosine: float) -> list[list[str]]:
    """Similar morphemes of each text's content morphemes; those that the text has are left out."""
    found = []
    for tokens in kiwi().tokenize(list(texts)):
        own = {token.form for token in tokens}
        of_text: dict[str, None] = {}
        for token in tokens:
            if token.tag in CONTENT:
                near = neighbours(token.form, token.tag, count)
                of_text |= {one.form: None for one in near if one.score >= cosine and one.form not in own}
        found.append(list(of_text))
    return found


def line(name: str, scores: npt.NDArray[np.float32], relevant: Sequence[tuple[int, ...]]) -> str:
    ranks = first_relevant_rank(scores, relevant)
    found = (reciprocal_rank(ranks).mean(), (ranks == 1).mean(), (ranks <= 10).mean())
    return f"| {name} | " + " | ".join(f"{value:.3f}" for value in found) + " |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("form", choices=["demo", "squad"])
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--questions", type=int, default=1000)
    options = parser.parse_args()
    asked: list[tuple[str, frozenset[str]]]
    if options.form == "demo":
        documents, asked = read_demo()
    else:
        documents, pairs = read_squad(*options.files)
        random.Random(1).shuffle(pairs)
        asked = [(text, frozenset({docid})) for text, docid in pairs if held_out(docid)][: options.questions]
    docids = sorted(documents)
    position = {docid: at for at, docid in enumerate(docids)}
    relevant = [tuple(sorted(position[docid] for docid in answering)) for _, answering in asked]
    tokenizer, texts = Bm25Params().tokenizer, [text for text, _ in asked]
    index = Bm25(index_terms([documents[docid] for docid in docids], tokenizer), Bm25Params())
    base = index.all_scores(index_terms(texts, tokenizer))
    print(f"{len(asked)} questions, {len(docids)} passages\n")
    print("| query | MRR@10 | Hit@1 | Recall@10 |\n|---|---|---|---|")
    print(line("as asked", base, relevant))
    for count, cosine in SETTINGS:
        more = index.all_scores(similar(texts, count, cosine))
        for weight in WEIGHTS:
            print(line(f"+ {weight} x {count} similar, cosine {cosine}", base + weight * more, relevant))
