"""docs/parameters.md: every key with its type, range, default, effect and the stages that it runs again."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from sunwi.params.combinations import Arbiter, CombinationParams, Swap, UnionPool
from sunwi.params.decided import DECIDED
from sunwi.params.describe import Key, keys_of, yaml_value
from sunwi.params.finishing import Answering, LlmRerank, Tiebreak
from sunwi.params.reading import DEFAULTS_FILE, PARAMS_FILE
from sunwi.params.submissions import SubmissionParams
from sunwi.params.tracking import Declared, stages_of

HEAD = f"""\
# Parameters

<!-- Written by `sunwi params --write` from src/sunwi/params and dvc.yaml: edit those. -->

A key's value is that of `{PARAMS_FILE}`, else that of `{DEFAULTS_FILE}`. **Bold** keys are in
`{PARAMS_FILE}`, in the order of deciding; write any other key there to replace its default.
For one experiment:

```console
$ dvc exp run -S encoder.max_length=384                          # a key of {PARAMS_FILE}
$ dvc exp run -S {DEFAULTS_FILE}:llm.max_tokens=2048       # any other key
$ dvc exp run -S +llm.max_tokens=2048                            # the same, written into {PARAMS_FILE}
```

Every key also runs `check_params` again, the check before all work, which takes a second, and `report`, which
shows every key. The stages after a stage run again where its outputs change. `dvc repro --dry`
lists what would run; where `{PARAMS_FILE}` replaces a default, run `dvc repro check_params` before it.
"""
COLUMNS = ("key", "type", "range", "default", "what it does", "runs again")
TOP = "without a section"
VARIANTS_HEAD = """\
## Settings of a variant

A change runs the variant's own stage again, then what shows it: `score`, `diagnose`, `report`.
"""
VARIANTS: dict[str, type[BaseModel]] = {
    "baselines.NAME, promoted.NAME, submissions.NAME": SubmissionParams,
    "combinations.NAME": CombinationParams,
    "combinations.NAME.swap": Swap,
    "combinations.NAME.union": UnionPool,
    "combinations.NAME.arbiter": Arbiter,
    "NAME.llm_rerank": LlmRerank,
    "NAME.tiebreak": Tiebreak,
    "NAME.answer": Answering,
}


def parameters_page(declared: Declared) -> str:
    """The page's text; `declared` says which stages name a key."""
    sections: dict[str, list[Key]] = {name.partition(".")[0]: [] for name in DECIDED if "." in name}
    for key in keys_of():
        sections.setdefault(key.name.partition(".")[0] if "." in key.name else TOP, []).append(key)
    parts = [HEAD]
    for section, keys in sections.items():
        rows = [[*_cells(key), ", ".join(stages_of(key.name, declared))] for key in sorted(keys, key=_place)]
        parts.append(f"## {section}\n\n{_table(COLUMNS, rows)}")
    parts.append(VARIANTS_HEAD)
    for name, model in VARIANTS.items():
        parts.append(f"### {name}\n\n{_table(COLUMNS[:-1], [_cells(key) for key in keys_of(model)])}")
    return "\n".join(parts)


def _place(key: Key) -> int:
    """In the order of deciding; then as the section has them."""
    return DECIDED.index(key.name) if key.name in DECIDED else len(DECIDED)


def _cells(key: Key) -> list[str]:
    name = f"**`{key.name}`**" if key.name in DECIDED else f"`{key.name}`"
    default = "required" if key.required else f"`{yaml_value(key.default)}`"
    return [name, key.type, key.range, default, key.text]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), ["---" for _ in head], *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
