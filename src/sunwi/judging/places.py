"""Where judgements lie in a project; not in `sunwi.paths`, whose edit would train every model again."""

from __future__ import annotations

from pathlib import Path

JUDGEMENTS = Path("data/judgements")
POOL = JUDGEMENTS / "pools" / "current.jsonl"
JUDGE = Path("data/judge")  # output of the stage judge
TRUST = JUDGE / "trust.json"  # whether the language model may judge; what asks it depends on this file
