"""A workspace loads a table or a section once; each use sees the same object."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sunwi.errors import InputProblems, ParamsError
from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.reading import Sections
from sunwi.paths import PREPARED, QA
from sunwi.workspace.base import Workspace, loaded_once
from sunwi.workspace.corpus import passage_texts, passages, prepared
from sunwi.workspace.labels import natural, synthetic
from sunwi.workspace.questions import dev_understood, questions, understood
from sunwi.workspace.rules import false_negative_rules


class OfEncoder(Sections):
    encoder: EncoderParams = EncoderParams()


class OfBm25(Sections):
    bm25: Bm25Params = Bm25Params()


@pytest.mark.parametrize(
    "load",
    [
        prepared,
        passages,
        passage_texts,
        questions,
        understood,
        dev_understood,
        false_negative_rules,
        lambda workspace: natural(workspace, "dev"),
        lambda workspace: natural(workspace, "test"),
        lambda workspace: synthetic(workspace, "train"),
    ],
)
def test_files_are_read_at_the_first_use_alone(project: Path, load) -> None:
    workspace = Workspace(project)
    first = load(workspace)
    shutil.rmtree(project / "data")
    assert load(workspace) is first
    with pytest.raises(InputProblems, match="jsonl"):
        load(Workspace(project))  # another workspace has loaded nothing yet


def test_arguments_tell_what_was_loaded(project: Path) -> None:
    asked: list[tuple[str, int]] = []

    @loaded_once
    def load(workspace: Workspace, name: str, times: int = 1) -> str:
        asked.append((name, times))
        return f"{workspace.root.name}/{name}" * times

    workspace = Workspace(project)
    assert [load(workspace, "a"), load(workspace, "b"), load(workspace, "a")] == [
        "project/a",
        "project/b",
        "project/a",
    ]
    assert load(workspace, "a", times=2) == "project/aproject/a"
    assert asked == [("a", 1), ("b", 1), ("a", 2)]


def test_what_could_not_be_loaded_is_tried_again(project: Path) -> None:
    kept = project / QA / "questions.jsonl"
    aside = kept.rename(project / "aside")
    workspace = Workspace(project)
    with pytest.raises(InputProblems):
        questions(workspace)
    aside.rename(kept)
    assert [question.qid for question in questions(workspace)] == ["q0", "q1", "q2", "q3", "q4"]


def test_a_chunk_is_a_passage_and_its_document_a_group(project: Path) -> None:
    corpus = passages(Workspace(project))
    assert corpus.groups[corpus.position["d4#1"]] == "d4"
    assert passage_texts(Workspace(project))["d2"].startswith("지진\n")


def test_known_answers_are_no_negatives(project: Path) -> None:
    answers = false_negative_rules(Workspace(project)).is_excluded
    assert answers("아무 질문", "d1", "d6")  # its near copy, by duplicates.jsonl
    assert not answers("아무 질문", "d1", "d2")


class TestParams:
    def workspace(self, folder: Path, text: str) -> Workspace:
        (folder / "params.yaml").write_text(text, encoding="utf-8")
        return Workspace(folder)

    def test_other_sections_are_another_stages_affair(self, tmp_path: Path) -> None:
        workspace = self.workspace(tmp_path, "encoder: {batch_size: 4}\nbm25: {k9: 1}\nnobody: 3\n")
        assert workspace.params(OfEncoder).encoder == EncoderParams(batch_size=4)

    def test_an_unknown_key_of_a_section_is_named(self, tmp_path: Path) -> None:
        workspace = self.workspace(tmp_path, "encoder: {batch_size: 4}\nbm25: {k9: 1, b: 7}\n")
        with pytest.raises(ParamsError) as error:
            workspace.params(OfBm25)
        assert [fault.split(":")[0].split(" is ")[0] for fault in error.value.faults] == [
            "key 'bm25.b'",
            "key 'bm25.k9'",
        ]
        assert "params.yaml" in str(error.value)

    def test_a_section_that_is_not_there_has_its_defaults(self, tmp_path: Path) -> None:
        assert self.workspace(tmp_path, "seed: 3\n").params(OfBm25) == OfBm25()

    def test_they_are_read_once_for_each_kind(self, tmp_path: Path) -> None:
        workspace = self.workspace(tmp_path, "encoder: {batch_size: 4}")
        first = workspace.params(OfEncoder)
        (tmp_path / "params.yaml").write_text("encoder: {batch_size: 8}", encoding="utf-8")
        assert workspace.params(OfEncoder) is first
        assert workspace.params(OfBm25) == OfBm25()
        assert Workspace(tmp_path).params(OfEncoder).encoder.batch_size == 8

    def test_a_folder_without_params_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ParamsError, match="run this in the project's folder") as error:
            Workspace(tmp_path / "elsewhere").params(OfBm25)
        assert "elsewhere" in str(error.value)


def test_paths_are_those_of_the_workspace(project: Path) -> None:
    assert Workspace(project).path(PREPARED) == project / "data" / "prepared"
    assert Workspace().path(PREPARED) == Path("data/prepared")
