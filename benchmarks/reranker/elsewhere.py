"""Both stages of proof.py on the natural questions of another project, weights and all.

python -m benchmarks.reranker.elsewhere PROJECT OUT --trained OUT_OF_PROOF --embedder FOLDER

PROJECT is a folder in which `dvc repro fit_fusion` has run; all its judged questions, dev and test, are
the test here. FOLDER is the embedder that the stages were trained on, which is the untrained MaxSim.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.reranker.material import hybrid_lists, pairs_of, reordered
from benchmarks.reranker.proof import Scorer
from benchmarks.reranker.tables import STAGE1, STAGE2, UNTRAINED, base_orders, compare, orders
from sunwi.records.files import read_json, read_rows, write_rows
from sunwi.records.mined import CandidateList
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passage_texts
from sunwi.workspace.labels import natural


def main(
    workspace: Workspace, out: Path, trained: Path, embedder: Path, seeds: list[int], depth: int
) -> None:
    """Score the lists by every stage and print the tables."""
    path = out / "lists_natural.jsonl"
    if not path.exists():
        asked = [*natural(workspace, "dev"), *natural(workspace, "test")]
        write_rows(path, hybrid_lists(workspace, asked))
    lists = reordered(read_rows(path, CandidateList), "dense", depth)
    pairs = pairs_of(lists, passage_texts(workspace))
    weights = read_json(trained / "weights.json")
    adapter = read_json(trained / f"stage1_{seeds[0]}" / "adapter" / "adapter_config.json")
    score = Scorer(out, min(adapter["layers_to_transform"] or [0]))

    def scores(name: str, folder: Path) -> np.ndarray:
        kept = out / f"{name}.npy"
        if not kept.exists():
            np.save(kept, score(str(folder), pairs))
        return np.load(kept)

    fixed = base_orders(lists) | orders(lists, {UNTRAINED: scores("untrained", embedder)}, weights[""])
    tuned = {
        seed: orders(
            lists,
            {
                title: scores(f"{name}_{seed}", trained / f"{name}_{seed}" / "merged")
                for title, name in ((STAGE1, "stage1"), (STAGE2, "stage2"))
            },
            weights[str(seed)],
        )
        for seed in seeds
    }
    print(f"{len(lists)} natural questions, depth {depth}, seeds {seeds}\n")
    compare(fixed, tuned)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("project", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--trained", type=Path, required=True, help="OUT of benchmarks.reranker.proof")
    parser.add_argument("--embedder", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--depth", type=int, default=6)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    folders = options.out, options.trained, options.embedder
    main(Workspace(options.project), *folders, options.seeds, options.depth)
