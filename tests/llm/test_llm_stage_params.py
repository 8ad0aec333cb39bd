"""Every stage that may ask a language model declares the settings that shape its answers and their cost."""

from __future__ import annotations

from pathlib import Path

import yaml

from sunwi.graph.plan import plan_of
from sunwi.workspace.judge_measure import SETTINGS

ROOT = Path(__file__).parents[2]
READ = {"llm.model", "llm.temperature", "llm.max_tokens", "llm.json_schema", "llm.price_in", "llm.price_out"}


def test_stages_that_ask_declare_models_and_prices() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    asking, closures = {}, plan_of(ROOT).closures
    # mining asks with the settings that the stage judge wrote: others leave it alone while no judge is used
    assert "data/judge/trust.json" in stages["mine"]["deps"]
    assert {f"llm.{name}" for name in SETTINGS} == READ
    for name, entry in stages.items():
        stage = entry.get("do", entry)
        if "src/sunwi/workspace/llm.py" in closures[name]:
            declared = set()
            for param in stage["params"]:  # a name, or a file with its names
                declared |= set(next(iter(param.values()))) if isinstance(param, dict) else {param}
            asking[name] = declared
    assert sorted(asking) == [
        "augment_failures", "combine", "generate_qa", "judge", "mine", "submit", "submit_baseline",
        "submit_promoted", "understand_queries",
    ]  # fmt: skip
    del asking["mine"]
    assert {name: READ - declared for name, declared in asking.items() if READ - declared} == {}
