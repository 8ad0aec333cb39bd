"""What the reranker's proof reads in a project's folder: questions and their candidate lists."""

from pathlib import Path
from typing import Literal

from project import (
    INDEX,
    PREPARED,
    QUERIES,
    as_queries,
    dev_labels,
    encoder,
    false_negative_rules,
    passages,
    pipeline,
    questions,
)

from sunwi.corpus.prepared import load_prepared
from sunwi.mining.pairs import candidate_lists
from sunwi.params.loading import load_params
from sunwi.params.whole import Params
from sunwi.records.files import read_json, read_rows, write_rows
from sunwi.records.mined import CandidateList
from sunwi.records.submissions import UnderstoodQuery
from sunwi.runtime import text_hash
from sunwi.search.fusion.method import Fusion
from sunwi.search.labelled import NATURAL, LabelledQuestion, natural_questions, synthetic_questions
from sunwi.search.passages import Passages


def write_lists(out: Path, test: str, most: int) -> None:
    """Candidate lists of BM25 and the dense retriever for the train, dev and test questions."""
    if (out / "lists_test.jsonl").exists():
        return
    params, corpus = load_params(), passages()
    made = synthetic_questions(questions(), corpus, {"train", "dev"})
    parts = {split: [one for one in made if one.split == split] for split in ("train", "dev")}
    if test == "half-dev":

        def is_test(one: LabelledQuestion) -> bool:
            return int(text_hash("half", corpus.groups[one.relevant[0]]), 16) % 2 == 1

        parts["test"] = [one for one in parts["dev"] if is_test(one)]
        parts["dev"] = [one for one in parts["dev"] if not is_test(one)]
    else:
        parts["test"] = judged_questions("test", corpus, params)
    for split, of in parts.items():
        some = sorted(sorted(of, key=lambda one: text_hash(one.qid))[:most], key=lambda one: one.qid)
        rows = hybrid_lists(some, corpus, params)
        write_rows(out / f"lists_{split}.jsonl", [one.model_copy(update={"split": split}) for one in rows])


def judged_questions(
    split: Literal["dev", "test"], corpus: Passages, params: Params
) -> list[LabelledQuestion]:
    """People's questions that the project has judgements of."""
    if split == "dev":
        return [one for one in dev_labels(corpus, params) if one.style == NATURAL]
    understood = read_rows(QUERIES / "understood.jsonl", UnderstoodQuery)
    return natural_questions(understood, load_prepared(PREPARED).qrels, corpus, split, params.bm25.tokenizer)


def hybrid_lists(of: list[LabelledQuestion], corpus: Passages, params: Params) -> list[CandidateList]:
    """The first 15 passages of BM25 and the promoted dense retriever, with both scores."""
    fusion = Fusion("weighted", read_json(INDEX / "fusion.json")["promoted"]["bm25+dense"])
    search, queries = (
        pipeline("promoted", corpus, params),
        as_queries(of, encoder("promoted", params), params),
    )
    return candidate_lists(
        search, ["bm25", "dense"], fusion, queries, of, 15, false_negative_rules(corpus, params)
    )


def pairs_of(lists, texts) -> list[tuple[str, str]]:
    return [(one.query, texts[hit.docid]) for one in lists for hit in one.candidates]


def reordered(lists: list[CandidateList], first: str, depth: int) -> list[CandidateList]:
    """The first `depth` candidates of each list, ordered and scored by one component or the fused score."""
    found = []
    for one in lists:
        kept = [
            hit.model_copy(update={"components": {**hit.components, "hybrid": hit.score}})
            for hit in one.candidates[:depth]
        ]
        kept = [hit.model_copy(update={"score": hit.components[first]}) for hit in kept]
        kept.sort(key=lambda hit: (-hit.score, hit.docid))
        rank = next((at for at, hit in enumerate(kept, start=1) if hit.label), None)
        found.append(one.model_copy(update={"candidates": kept, "positive_rank": rank}))
    return found
