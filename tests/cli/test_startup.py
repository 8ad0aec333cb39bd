import subprocess
import sys

import pytest

HEAVY = {
    "FlagEmbedding", "bm25s", "faiss", "kiwipiepy", "numpy", "pandas", "ruamel", "sentence_transformers",
    "torch", "transformers", "yaml",
}  # fmt: skip
PROGRAM = """
import sys
from sunwi.cli import main
sys.argv = ["sunwi", *sys.argv[1:]]
try:
    main()
finally:
    print("MODULES", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def start(*arguments: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done, set(done.stderr.partition("MODULES")[2].split())


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option: str) -> None:
    done, modules = start(option)
    assert done.returncode == 0, done.stderr
    assert "sunwi" in done.stdout
    assert "sunwi" in modules
    assert not modules & (HEAVY | {"pydantic"})


@pytest.mark.parametrize(
    "command", ["diff", "doctor", "estimate", "graph", "import", "index", "push", "recipe", "search"]
)
def test_a_commands_help_imports_nothing_heavy(command: str) -> None:
    done, modules = start(command, "--help")
    assert done.returncode == 0, done.stderr
    assert f"sunwi {command}" in done.stdout
    assert not modules & HEAVY  # pydantic is here: typer itself looks for its types


def test_an_error_of_the_user_is_one_block_on_stderr() -> None:
    done, _ = start("search", " ")
    assert done.returncode == 1
    assert done.stdout == ""
    message = done.stderr.partition("MODULES")[0].strip()
    assert message.startswith("the query is empty. Next:")
    assert "Traceback" not in done.stderr
