"""Where the project's files lie, relative to its folder; declared here once."""

from __future__ import annotations

from pathlib import Path

READ = Path("data/read")
PREPARED = Path("data/prepared")
QA = Path("data/qa")
INDEX = Path("data/index")
MINED = Path("data/mined")
QUERIES = Path("data/queries")
SUBMISSIONS = Path("data/submissions")
BASELINES = SUBMISSIONS / "baselines"  # apart, so that the stage `baseline` waits for no other variant
BASELINE_PAGE = Path("data/baseline")
RANKINGS = Path("data/rankings")
DIAGNOSIS = Path("data/diagnosis")
REPORT = Path("data/report")
PARAMS_CHECKED = Path("data/params_checked.txt")
CARDS = Path("models/cards")
EMBEDDER = Path("models/embedder")
STAGE1 = Path("models/reranker_stage1")
RERANKER = Path("models/reranker")
SPARSE = Path("models/sparse")
SPARSE_EXPORT = Path("models/sparse_export")
EXPORTS = Path("models/export")  # a folder for each kind of model
METRICS = Path("metrics")
PLOTS = METRICS / "plots"
TIMING = METRICS / "timing"  # facts of one machine: not compared, not committed
