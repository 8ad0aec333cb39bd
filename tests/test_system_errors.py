"""Errors of the system and of libraries end a stage or a command with place and next step."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError, safe_open

from sunwi.cache import RowCache
from sunwi.errors import DataError, InputProblems, SystemFault, printable
from sunwi.records.files import read_json, write_lines
from sunwi.search.index.store import load_vectors, save_vectors
from sunwi.system_errors import reported, system_fault
from sunwi.workspace.stage import stage


def fault_of(action: Callable[[], object]) -> SystemFault:
    with pytest.raises(Exception) as raised:  # noqa: PT011  of any kind
        action()
    fault = system_fault(raised.value)
    assert fault is not None, raised.value
    assert fault.__cause__ is raised.value
    return fault


def test_a_missing_file_is_named_with_the_next_step(tmp_path: Path) -> None:
    fault = fault_of((tmp_path / "gone" / "a.json").read_text)
    assert str(fault).startswith(f"{tmp_path / 'gone' / 'a.json'}: there is no such file or folder. Next: ")


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("", encoding="utf-8")
    fault = fault_of(lambda: RowCache("x", tmp_path / "cache"))
    assert "cache: something of that name exists already. Next: " in str(fault)


def test_a_folder_where_a_file_is_expected_is_named(tmp_path: Path) -> None:
    assert "expected a file, found a folder" in str(fault_of(tmp_path.read_text))


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EMFILE])
def test_other_codes_of_the_system_have_a_sentence_and_a_step(code: int) -> None:
    fault = fault_of(lambda: (_ for _ in ()).throw(OSError(code, os.strerror(code), "data/x")))
    assert str(fault).startswith("data/x: ")
    assert os.strerror(code) not in str(fault)  # the project's own words
    assert "Next: " in str(fault)


def test_a_library_s_own_sentence_is_kept() -> None:
    fault = fault_of(lambda: (_ for _ in ()).throw(OSError("no weights\nin m.")))
    assert str(fault) == "no weights in m. Next: correct that and run again"


def test_what_is_written_when_the_disk_is_full_is_named_as_the_person_knows_it(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        fault = fault_of(lambda: write_lines(tmp_path / "rows.jsonl", ["x" * 100_000]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, old)
    assert str(fault).startswith(f"{tmp_path / 'rows.jsonl'}: the file would be larger")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_cp949_is_named_with_the_command_that_converts_it(tmp_path: Path) -> None:
    path = tmp_path / "a b.yaml"
    path.write_bytes("# 설정\nseed: 1\n".encode("cp949"))
    fault = str(fault_of(lambda: path.read_text(encoding="utf-8")))
    assert fault.startswith(f"{path}: expected UTF-8, found the byte 0xBC at 3. Next: ")
    subprocess.run(fault.split("`")[1], shell=True, check=True)
    assert path.read_text(encoding="utf-8") == "# 설정\nseed: 1\n"


def test_a_file_in_utf16_is_converted_from_that(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("# 설정\n", encoding="utf-16")
    fault = str(fault_of(lambda: path.read_text(encoding="utf-8")))
    subprocess.run(fault.split("`")[1], shell=True, check=True)
    assert path.read_text(encoding="utf-8").lstrip("\ufeff") == "# 설정\n"


def test_bytes_that_are_read_line_by_line_have_their_file(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"a\n" * 3 + b"\xff\n")

    def read() -> list[str]:
        with path.open(encoding="utf-8") as lines:
            return list(lines)

    assert str(fault_of(read)).startswith(f"{path}: expected UTF-8, found the byte 0xFF")


def test_broken_json_has_file_and_place(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text('{"a":\n ', encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        read_json(path)
    assert f"{path}: expected JSON: Expecting value" in str(caught.value)
    assert "Next: correct scores.json, or run the stage that writes it again" in str(caught.value)


def test_sqlite_errors_name_the_database(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    path.write_bytes(b"no database at all " * 100)

    def opened() -> None:
        connection = sqlite3.connect(path)
        connection.execute("SELECT * FROM rows")

    assert str(fault_of(opened)).startswith(f"{path}: the database is damaged (file is not a database)")


def test_a_full_disk_is_no_damaged_database() -> None:
    fault = fault_of(lambda: (_ for _ in ()).throw(sqlite3.OperationalError("database or disk is full")))
    assert str(fault).startswith("the disk is full. Next: make room")


def test_a_cut_model_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\x10\x00")

    def read() -> None:
        with safe_open(path, "numpy"):
            pass

    with pytest.raises(SafetensorError):
        read()
    assert str(fault_of(read)).startswith(f"{path}: the model file is damaged (")


@pytest.mark.parametrize("keep", [0, 5, 200])
def test_cut_vectors_are_damaged(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "corpus.npy"
    save_vectors(path, np.ones((100, 8), dtype=np.float16))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"corpus.npy is damaged \(.*Next: delete it"):
        load_vectors(path, 100)


def test_dvc_and_its_git_library_have_their_deepest_cause() -> None:
    from dvc.exceptions import DvcException
    from scmrepo.exceptions import SCMError

    def fail() -> None:
        try:
            raise SCMError("no git here")
        except SCMError as error:
            raise DvcException("SCM error") from error

    assert str(fault_of(fail)).startswith("DVC: no git here. Next: ")


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    assert system_fault(KeyError("x")) is None
    with pytest.raises(KeyError), reported():
        raise KeyError("x")


def test_a_stage_ends_with_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_bytes("# 설정\n".encode("cp949"))
    with pytest.raises(SystemExit) as stopped, stage("check_params"):
        Path("params.yaml").read_text(encoding="utf-8")
    assert stopped.value.code == 1
    message = capsys.readouterr().err
    assert message.startswith("params.yaml: expected UTF-8")
    assert "Traceback" not in message


def test_the_traceback_is_there_for_those_who_want_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUNWI_TRACEBACK", "1")
    with pytest.raises(SystemExit), reported():
        Path("/no/such/file").read_text(encoding="utf-8")
    message = capsys.readouterr().err
    assert "Traceback" in message
    assert "FileNotFoundError" in message
    assert "Next: " in message.splitlines()[-1]


def test_messages_cannot_steer_the_terminal() -> None:
    error = DataError("docid 'a\x1b[2J\x9b1m\u202e\r\udcff' is odd\nand long", "rename\tit")
    assert str(error) == (
        "docid 'a\\u001b[2J\\u009b1m\\u202e\\u000d\\udcff' is odd\nand long. Next: rename\tit"
    )
    assert printable("한글 🦠 café\n") == "한글 🦠 café\n"
