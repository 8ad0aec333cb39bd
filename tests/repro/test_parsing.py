"""YAML that is parsed once."""

import pytest
from dvc.utils.serialize import YAMLFileCorruptedError, parse_yaml
from ruamel.yaml.comments import CommentedMap

from sunwi.repro.parsing import parsing_once

TEXT = "stages: {a: {deps: [b], size: 1, at: 2026-11-30, rate: 3.0e-05}, 이름: null}\n"


def test_each_caller_has_a_copy_of_its_own() -> None:
    asked = []

    def parse(text: str, path: str) -> object:
        asked.append(path)
        return parse_yaml(text, path)

    once = parsing_once(parse)
    found = once(TEXT, "dvc.lock")
    assert found == parse_yaml(TEXT, "dvc.lock")
    found["stages"]["a"]["deps"].append("c")
    assert once(TEXT, "dvc.lock") == parse_yaml(TEXT, "dvc.lock")
    assert once("a: 1", "dvc.lock") == {"a": 1}
    assert asked == ["dvc.lock", "dvc.lock"]


def test_comments_stay_and_a_fault_names_its_file() -> None:
    once = parsing_once(parse_yaml)
    assert isinstance(once(TEXT, "params.yaml", typ="rt"), CommentedMap)
    for path in ("one.yaml", "other.yaml"):
        with pytest.raises(YAMLFileCorruptedError) as error:
            once("a: [", path)
        assert error.value.path == path
