import json
import re
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from tests.running import running
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.cli.checks import Finding
from sunwi.cli.checks.access import check_engines, check_keys
from sunwi.cli.checks.machine import _bytecode, check_machine, usable_memory
from sunwi.cli.checks.model import check_builtin, check_encoder
from sunwi.cli.checks.packages import check_packages
from sunwi.cli.checks.project import check_row_caches
from sunwi.errors import EngineError
from sunwi.llm.provider import PROVIDERS
from sunwi.models.spec import ModelInfo
from sunwi.search.servers.access import access_of

ROOT = Path(__file__).parents[2]
VARIABLES = (
    "UPSTAGE_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "HF_TOKEN",
    "SUNWI_ELASTICSEARCH_URL", "SUNWI_OPENSEARCH_URL",
)  # fmt: skip
PYPROJECT = """\
[project]
name = "sunwi"
dependencies = ["numpy>=1", "typer>=99", "surely-not-there>=1"]
[project.optional-dependencies]
there = ["pydantic>=2"]
absent = ["surely-not-there"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that the default pipeline needs, without having run."""
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "params.yaml").write_text("data: {source: corpus}\n", encoding="utf-8")
    (tmp_path / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "corpus.jsonl").write_text('{"docid": "a", "content": "글"}\n', encoding="utf-8")
    return tmp_path


def report(expected_exit: int) -> tuple[dict[str, Finding], str]:
    """Findings by name, last of a name first, and the raw output of both forms."""
    as_json = CliRunner().invoke(app, ["doctor", "--json"])
    as_text = CliRunner().invoke(app, ["doctor"])
    assert as_json.exit_code == as_text.exit_code == expected_exit, as_text.output
    content = json.loads(as_json.stdout)
    assert content["ready"] is (expected_exit == 0)
    findings = [Finding(**finding) for finding in content["findings"]]
    assert all(finding.fix for finding in findings if finding.state == "missing")
    return {finding.name: finding for finding in findings}, as_json.output + as_text.output


def test_a_whole_project_can_run(project: Path, builtin_model: ModelInfo) -> None:
    findings, text = report(0)
    assert "The pipeline can run. Next: make repro" in text
    assert findings["params.yaml"].state == findings["data.source"].state == "ok"
    assert str(builtin_model.folder) in findings["builtin converted"].found
    assert findings["dvc.lock"].fix == "make repro"


def test_an_empty_folder_cannot_and_every_lack_names_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    findings, text = report(1)
    missing = {name for name, finding in findings.items() if finding.state == "missing"}
    assert missing == {"params.yaml", "dvc.yaml", ".dvc"}
    assert findings[".dvc"].fix == "dvc init"
    assert "The pipeline cannot run: 3 missing" in text


def test_each_fault_of_the_params_is_told(project: Path) -> None:
    (project / "params.yaml").write_text("encoder: {modle: x, max_length: long}\n", encoding="utf-8")
    _, text = report(1)
    assert "encoder.modle" in text
    assert "encoder.max_length" in text


def test_a_source_without_a_corpus(project: Path) -> None:
    (project / "corpus" / "corpus.jsonl").unlink()
    findings, _ = report(1)
    assert "sunwi import" in str(findings["data.source"].fix)


def test_secrets_never_appear(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "Zq9xSECRETvalue77"
    for variable in VARIABLES[:5]:
        monkeypatch.setenv(variable, secret)
    monkeypatch.setenv("SUNWI_ELASTICSEARCH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SUNWI_ELASTICSEARCH_API_KEY", secret)
    monkeypatch.setenv("SUNWI_OPENSEARCH_URL", f"http://user:{secret}@host:{secret}")
    findings, text = report(0)
    assert secret[:4].lower() not in text.lower()
    assert str(len(secret)) not in findings["OPENAI_API_KEY"].found
    assert findings["OPENAI_API_KEY"] == Finding("keys", "OPENAI_API_KEY", "ok", "set")
    assert findings["Elasticsearch"].found.startswith("http://127.0.0.1:9 does not answer")
    assert findings["OpenSearch"].found == "SUNWI_OPENSEARCH_URL is no plain address"
    assert "SUNWI_OPENSEARCH_USER and _PASSWORD" in str(findings["OpenSearch"].fix)


def test_a_key_counts_only_under_the_name_that_its_provider_reads() -> None:
    by_name = {finding.name: finding for finding in check_keys({"GOOGLE_API_KEY": "k", "HF_TOKEN": "  "})}
    assert by_name["GEMINI_API_KEY"].state == "note"
    assert "GOOGLE_API_KEY" not in by_name
    assert by_name["HF_TOKEN"].state == "note"
    addresses = (None, "https://api.upstage.ai/v1", "https://host/v1")
    for provider in PROVIDERS.all().values():
        read = {provider.usual_key(address) for address in addresses}
        assert read == set(provider.KEYS) <= set(by_name)


class Engine(BaseHTTPRequestHandler):
    """Answers as a cluster does to `user`, or forwards to another host name, where it is no cluster."""

    moved: ClassVar[bool] = False
    seen: ClassVar[list[tuple[str, str, str | None]]] = []

    def do_GET(self) -> None:
        given = self.headers.get("Authorization")
        self.seen.append((self.headers["Host"].partition(":")[0], self.path, given))
        if self.moved and self.path == "/":
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.headers['Host'].rpartition(':')[2]}/other")
            self.end_headers()
            return
        basic = "Basic " + b64encode(b"user:p@ss").decode()
        allowed = given in {basic, "ApiKey k3y"} or self.path == "/other"
        self.send_response(200 if allowed else 401)
        self.end_headers()
        cluster = {"version": {"number": "3.2.0", "distribution": "opensearch"}}
        self.wfile.write(json.dumps([] if self.path == "/other" else cluster).encode())

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture
def port() -> Iterator[int]:
    Engine.seen.clear()
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Engine)) as server:
        yield server.server_port


@pytest.mark.parametrize(
    ("values", "state", "found"),
    [
        ({"USER": "user", "PASSWORD": "p@ss"}, "ok", "{url} opensearch 3.2.0"),
        ({"API_KEY": "k3y"}, "ok", "{url} opensearch 3.2.0"),
        ({"USER": "user", "PASSWORD": "wrong"}, "note", "{url} refuses the credentials (401)"),
        ({}, "note", "{url} refuses the credentials (401)"),
        (
            {"USER": "user"},
            "note",
            "one of SUNWI_OPENSEARCH_USER and SUNWI_OPENSEARCH_PASSWORD is set without the other",
        ),
        ({"URL": "http://user:p%40ss@127.0.0.1:{port}"}, "note", "SUNWI_OPENSEARCH_URL is no plain address"),
        ({"URL": "file:///etc/hosts"}, "note", "SUNWI_OPENSEARCH_URL is no plain address"),
        ({"URL": ""}, "note", "not set; search runs in this process"),
    ],
)
def test_engines_are_read_as_a_search_reads_them(
    port: int, values: dict[str, str], state: str, found: str
) -> None:
    url = f"http://127.0.0.1:{port}"
    environment = {
        f"SUNWI_OPENSEARCH_{name}": value.format(port=port) for name, value in ({"URL": url} | values).items()
    }
    (finding,) = [finding for finding in check_engines(environment) if finding.name == "OpenSearch"]
    assert (finding.state, finding.found) == (state, found.format(url=url))
    assert finding.state == "ok" or finding.fix
    assert "USER:PASSWORD@" not in str(finding.fix)
    if "alone" in found or "plain" in found:
        with pytest.raises(EngineError, match=found):
            access_of("opensearch", environment)


def test_a_redirect_does_not_carry_credentials_to_another_host(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "moved", True)
    login = {"SUNWI_OPENSEARCH_USER": "user", "SUNWI_OPENSEARCH_PASSWORD": "p@ss"}
    check_engines({"SUNWI_OPENSEARCH_URL": f"http://127.0.0.1:{port}"} | login)
    (first, second) = Engine.seen
    assert first[:2] == ("127.0.0.1", "/")
    assert first[2] is not None
    assert second == ("localhost", "/other", None)


def test_packages_against_ranges_and_tested_versions(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (tmp_path / "constraints.txt").write_text("# tested\nNumPy==1.0  # old\n", encoding="utf-8")
    findings = {finding.name: finding for finding in check_packages(tmp_path)}
    states = {name: finding.state for name, finding in findings.items()}
    assert states == {
        "numpy": "note",
        "typer": "missing",
        "surely-not-there": "missing",
        "extra there": "ok",
        "extra absent": "note",
    }
    assert findings["numpy"].found.endswith("; tested with 1.0")
    assert findings["typer"].fix == "pip install -e . -c constraints.txt"
    assert findings["extra absent"].fix == "pip install 'sunwi[absent]'"


def test_the_environment_of_the_tests_meets_the_declared_ranges() -> None:
    assert not [finding for finding in check_packages(ROOT) if finding.state == "missing"]


@pytest.mark.parametrize(
    ("spec", "state"),
    [
        ("builtin/multilingual-e5-small", "ok"),
        ("builtin/other", "missing"),
        ("models/never-trained", "missing"),
        ("nobody/never-downloaded", "missing"),  # tests run with HF_HUB_OFFLINE
        (".", "ok"),
    ],
)
def test_the_encoder_of_the_params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, state: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    finding = check_encoder(spec)
    assert finding.state == state
    assert finding.state == "ok" or finding.fix


def test_a_model_that_the_hub_would_give_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    finding = check_encoder("nobody/never-downloaded")
    assert (finding.state, finding.fix) == ("note", "hf download nobody/never-downloaded")


def test_the_builtin_model_before_its_conversion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNWI_MODEL_DIR", str(tmp_path))
    wheel, converted = check_builtin(needed=True)
    assert wheel.state == "ok"
    assert (converted.state, converted.fix) == ("note", "dvc repro encode_base")


def test_row_caches_kind_by_kind(own_cache: Path) -> None:
    assert check_row_caches().found == f"{own_cache}: empty"
    own_cache.mkdir()
    for name, length in (("vectors.sqlite", 1024), ("vectors.sqlite-wal", 1024), ("morphemes.sqlite", 5)):
        (own_cache / name).write_bytes(b"x" * length)
    assert check_row_caches().found == f"{own_cache}: morphemes 5 B, vectors 2.0 KiB"


def test_the_machine() -> None:
    names = [finding.name for finding in check_machine()]
    assert names[:6] == ["Python", "platform", "CPUs", "memory", "disk", "torch"]
    memory = usable_memory()
    assert memory is None or memory > 2**28


def test_the_precisions_that_this_cpu_can_run_are_named() -> None:
    from sunwi.cli.checks.machine import check_machine
    from sunwi.models.cpu.support import cpu_support

    found = next((one for one in check_machine() if one.name == "CPU kernels"), None)
    if found is None:
        pytest.skip("a GPU chooses its own kernels")
    assert "float32" in found.found
    for precision in ("bfloat16", "int8"):
        assert (precision in found.found.split("encoder.precision may be")[1].split("(")[0]) == (
            cpu_support().refusal(precision) is None
        )


def test_on_arm_no_instruction_of_x86_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from sunwi.models.cpu import support

    arm = support.CpuSupport((), packed_float32=True, packed_bfloat16=True, exact_int8=True)
    monkeypatch.setattr(support, "cpu_support", lambda: arm)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    found = next((one for one in check_machine() if one.name == "CPU kernels"), None)
    if found is None:
        pytest.skip("a GPU chooses its own kernels")
    assert found.found.startswith("aarch64; encoder.precision may be float32, bfloat16, int8")
    assert not re.search("AVX|AMX", found.found)


def test_what_auto_picked_is_named_with_its_reason(
    builtin_model: ModelInfo, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sunwi.cli.checks import model
    from sunwi.models import auto_precision
    from sunwi.models.auto_precision import Pick
    from sunwi.params.encoder import EncoderParams

    monkeypatch.setattr(model, "device_type", lambda: "cpu")
    auto, pinned = EncoderParams(), EncoderParams(precision="float32")
    assert "the first run compares" in model.check_precision(auto)[0].found
    assert model.check_precision(pinned)[0].found == "float32"
    assert not own_cache.exists()
    monkeypatch.setattr(auto_precision, "check", lambda *_: Pick("int8", {"int8": 0.999}, "the reason"))
    auto_precision.pick(builtin_model, lambda *_: pytest.fail("encoded"))
    assert model.check_precision(auto)[0].found == "auto is int8 here: the reason"
    assert model.check_precision(pinned)[0].found == "float32; auto would be int8: the reason"


def test_lengths_that_the_encode_stage_read(project: Path) -> None:
    from sunwi.cli.checks.lengths import check_lengths
    from sunwi.params.whole import Params

    assert check_lengths(project, Params()) == []
    facts = {"texts": 4, "tokens": 1000, "longest_tokens": 700, "read_at_once": 252, "longer": 1}
    facts |= {"tokens_beyond": 448, "median_tokens": 100}
    asked = facts | {"longest_tokens": 61, "read_at_once": 60, "tokens_beyond": 1}
    (project / "metrics").mkdir(exist_ok=True)
    path = project / "metrics" / "encode_base.json"
    path.write_text(json.dumps({"passages": facts, "questions": asked}), encoding="utf-8")
    windowed, questions, starts = check_lengths(project, Params())
    assert (windowed.state, questions.state) == ("ok", "note")
    assert "read them in windows" in windowed.found
    assert questions.fix == "dvc exp run -S encoder.query_max_length=65"  # 61 and 4 others
    assert starts.found == (
        "what is behind is cut: train_embedder.passage_max_length 192 of up to 700, "
        "train_reranker.max_length 224 of up to 761 tokens"
    )
    cut = Params().model_copy(update={"encoder": Params().encoder.model_copy(update={"windows": False})})
    passages, *_ = check_lengths(project, cut)
    assert (passages.state, passages.fix) == ("note", "dvc exp run -S encoder.windows=true")
    assert "1 of 4 are longer than encoder.max_length (252 tokens); 44.8% of all tokens" in passages.found


def test_torch_without_bytecode_where_none_may_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = SimpleNamespace(cached=str(tmp_path / "torch.pyc"))
    monkeypatch.setattr("sunwi.cli.checks.machine.importlib.util.find_spec", lambda _: spec)
    for forbidden in (False, True):
        monkeypatch.setattr("sys.dont_write_bytecode", forbidden)
        names = [finding.name for finding in _bytecode()]
        assert names == ["bytecode"] * forbidden
    (tmp_path / "torch.pyc").touch()
    assert _bytecode() == []
