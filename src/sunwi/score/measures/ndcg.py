"""nDCG (Järvelin & Kekäläinen 2002) of the first ten, with trec_eval's linear gain."""

from __future__ import annotations

from sunwi.score.measure import Family, Measure

MEASURE = Family.of(Measure("ndcg10", "nDCG@10", 300, "nDCG@10", shown=("summary", "tables", "ladder")))
