"""What the reranker's proof reads in a project's folder: questions and their candidate lists."""

from pathlib import Path

from sunwi.mining.pairs import candidate_lists
from sunwi.paths import INDEX
from sunwi.records.files import read_json, write_rows
from sunwi.records.mined import CandidateList
from sunwi.runtime import text_hash
from sunwi.search.fusion.method import Fusion
from sunwi.search.labelled import LabelledQuestion
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import encoder, labelled_batch
from sunwi.workspace.labels import natural, synthetic
from sunwi.workspace.retrieval import local_pipeline
from sunwi.workspace.rules import false_negative_rules


def write_lists(workspace: Workspace, out: Path, test: str, most: int) -> None:
    """Candidate lists of BM25 and the dense retriever for the train, dev and test questions."""
    if (out / "lists_test.jsonl").exists():
        return
    corpus = passages(workspace)
    parts = {"train": synthetic(workspace, "train"), "dev": synthetic(workspace, "dev")}
    if test == "half-dev":

        def is_test(one: LabelledQuestion) -> bool:
            return int(text_hash("half", corpus.groups[one.relevant[0]]), 16) % 2 == 1

        parts["test"] = [one for one in parts["dev"] if is_test(one)]
        parts["dev"] = [one for one in parts["dev"] if not is_test(one)]
    else:
        parts["test"] = natural(workspace, "test")
    for split, of in parts.items():
        some = sorted(sorted(of, key=lambda one: text_hash(one.qid))[:most], key=lambda one: one.qid)
        rows = hybrid_lists(workspace, some)
        write_rows(out / f"lists_{split}.jsonl", [one.model_copy(update={"split": split}) for one in rows])


def hybrid_lists(workspace: Workspace, of: list[LabelledQuestion]) -> list[CandidateList]:
    """The first 15 passages of BM25 and the promoted dense retriever, with both scores."""
    fusion = Fusion("weighted", read_json(workspace.path(INDEX) / "fusion_promoted.json")["bm25+dense"])
    search = local_pipeline(workspace, "promoted")
    queries = labelled_batch(workspace, encoder(workspace, "promoted"), of)
    rules = false_negative_rules(workspace)
    return candidate_lists(search, ["bm25", "dense"], fusion, queries, of, 15, rules)


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
