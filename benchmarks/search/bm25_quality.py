"""BM25 by tokeniser on questions that decided nothing: the half of the documents with an odd id hash.

python -m benchmarks.search.bm25_quality sci CORPUS.jsonl QUESTIONS.jsonl
python -m benchmarks.search.bm25_quality squad KorQuAD_v1.0_dev.json
"""

import argparse
import hashlib
import json
import random
from pathlib import Path

from sunwi.params.bm25 import Bm25Params
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import index_terms
from sunwi.search.labelled import first_relevant_rank
from sunwi.search.ranking_quality import reciprocal_rank

Asked = list[tuple[str, str]]  # (question, docid)


def read_sci(corpus: Path, questions: Path) -> tuple[dict[str, str], Asked]:
    rows = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    asked = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    return {row["docid"]: row["content"] for row in rows}, [(row["question"], row["docid"]) for row in asked]


def read_squad(path: Path) -> tuple[dict[str, str], Asked]:
    documents: dict[str, str] = {}
    ids: dict[str, str] = {}  # a paragraph may stand twice
    asked: Asked = []
    paragraphs = [
        one for article in json.loads(path.read_text("utf-8"))["data"] for one in article["paragraphs"]
    ]
    for number, paragraph in enumerate(paragraphs):
        docid = ids.setdefault(paragraph["context"], f"p{number:04d}")
        documents[docid] = paragraph["context"]
        asked += [(row["question"], docid) for row in paragraph["qas"]]
    return documents, asked


def held_out(docid: str) -> bool:
    return int(hashlib.sha256(docid.encode()).hexdigest(), 16) % 2 == 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("form", choices=["sci", "squad"])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--questions", type=int, default=1500)
    parser.add_argument("--all", action="store_true", help="every question of both halves, Kiwi alone")
    options = parser.parse_args()
    documents, asked = (read_sci if options.form == "sci" else read_squad)(*options.files)
    random.seed(1)
    random.shuffle(asked)
    if not options.all:
        asked = [row for row in asked if held_out(row[1])][: options.questions]
    docids = sorted(documents)
    position = {docid: at for at, docid in enumerate(docids)}
    relevant = [(position[docid],) for _, docid in asked]
    print(f"{len(asked)} {'questions' if options.all else 'held-out questions'}, {len(docids)} passages")
    print("| tokeniser | MRR@10 | R@1 | R@50 |\n|---|---|---|---|")
    others = () if options.all else ("subword:builtin/multilingual-e5-small", "bigram", "whitespace")
    for tokenizer in ("kiwi+bigram", "kiwi", *others):
        index = Bm25(index_terms([documents[docid] for docid in docids], tokenizer), Bm25Params())
        scores = index.all_scores(index_terms([question for question, _ in asked], tokenizer))
        ranks = first_relevant_rank(scores, relevant)
        found = (reciprocal_rank(ranks).mean(), (ranks == 1).mean(), (ranks <= 50).mean())
        print(f"| {tokenizer} | " + " | ".join(f"{value:.4f}" for value in found) + " |")
