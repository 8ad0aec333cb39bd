"""What a recipe changes: its own keys; what other recipes set in its sections goes back to the default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from sunwi.params.combinations import CombinationParams
from sunwi.params.decided import DECIDED
from sunwi.params.describe import yaml_value
from sunwi.params.tracking import MISSING, value_of
from sunwi.params.whole import Params

WAY_BACK = "embedded"  # the recipe whose sections are those of all recipes
VARIANTS = ("baselines", "promoted", "submissions", "combinations")
WHOLE = ("retrievers", "swap", "union")  # an entry with one of these is a variant; without, it changes one


@dataclass(slots=True)
class Plan:
    """What to lay over params.yaml, which keys to take out, and what is left out for which reason."""

    partial: dict[str, Any]
    removed: list[str]
    left_out: list[str] = field(default_factory=list)


def plan_of(name: str, recipes: Mapping[str, Mapping[str, Any]], params: Mapping[str, Any]) -> Plan:
    """The plan of the recipe `name` for the content of a params.yaml.

    Keys that any recipe sets in a section of this recipe, and this one does not, get their default back: out
    of params.yaml, or to the default's value where params.yaml is the key's place (`DECIDED`). So recipes of
    other sections stay as they are, and the way back takes all back.
    """
    recipe = recipes[name]
    sections = set().union(*recipes.values()) if name == WAY_BACK else set(recipe)
    own = dict(_leaves(recipe))
    others = {path for other in recipes.values() for path, _ in _leaves(other)}
    stale = sorted(
        path for path in others - own.keys() if path.split(".")[0] in sections.difference(VARIANTS)
    )
    defaults = Params().model_dump(mode="json", by_alias=True)
    partial: dict[str, Any] = {
        section: dict(entry) if isinstance(entry, Mapping) else entry for section, entry in recipe.items()
    }
    for path in stale:
        section, _, key = path.partition(".")
        if path in DECIDED and value_of(params, path) is not MISSING:
            partial.setdefault(section, {})[key] = YAML().load(yaml_value(value_of(defaults, path)))
    removed = [path for path in stale if path not in DECIDED]
    if name == WAY_BACK:
        removed += sorted(
            f"{section}.{variant}"
            for other in recipes.values()
            for section in VARIANTS
            for variant, entry in (other.get(section) or {}).items()
            if _is_whole(entry)
        )
    plan = Plan(partial, list(dict.fromkeys(removed)))
    _leave_out_variants(plan, params)
    return plan


def _leave_out_variants(plan: Plan, params: Mapping[str, Any]) -> None:
    """Leave out what changes a variant that is not there, and combinations of such variants."""
    there = {name for section in VARIANTS for name in params.get(section) or {}}
    for section in VARIANTS:
        entries = plan.partial.get(section) or {}
        for name in [name for name, entry in entries.items() if not _is_whole(entry) and entry is not None]:
            if name not in (params.get(section) or {}):
                del entries[name]
                plan.left_out.append(f"{section}.{name} is left out: {name} is not in params.yaml")
        there |= {name for name, entry in entries.items() if entry is not None}
    combinations = plan.partial.get("combinations") or {}
    while missing := dict(_reading_missing(combinations, there)):
        for name, reads in missing.items():
            del combinations[name]
            there.discard(name)
            plan.left_out.append(
                f"combinations.{name} is left out: it reads {', '.join(reads)}, not in params.yaml"
            )
    for section in VARIANTS:
        if section in plan.partial and not plan.partial[section]:
            del plan.partial[section]


def _reading_missing(
    combinations: Mapping[str, Any], there: Iterable[str]
) -> Iterator[tuple[str, list[str]]]:
    for name, entry in combinations.items():
        try:
            reads = CombinationParams.model_validate(entry).reads
        except ValidationError:  # what it lacks is said of the whole
            continue
        if missing := sorted(set(reads).difference(there)):
            yield name, missing


def _is_whole(entry: Any) -> bool:
    return isinstance(entry, Mapping) and any(key in entry for key in WHOLE)


def _leaves(recipe: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Dotted keys of two levels, as sections have them."""
    for section, entry in recipe.items():
        if isinstance(entry, Mapping):
            yield from ((f"{section}.{key}", value) for key, value in entry.items())
        else:
            yield section, entry
