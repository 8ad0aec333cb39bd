"""The READMEs' commands for sharing, run by bash on a project of two stages with a folder as its remote."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.pipeline.tiny_project import stages_run

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = {"README.md": "## Share it with a team\n", "README.ko.md": "## 팀과 나누기\n"}
STAGES = {
    "prepare": {
        "cmd": "python prepare.py",
        "deps": ["prepare.py", "source.txt"],
        "outs": ["data/prepared"],
    },
    "train_embedder": {
        "cmd": "python train.py",
        "deps": ["train.py", "data/prepared"],
        "params": ["rate"],
        "outs": ["models/embedder"],
        "metrics": [{"metrics/train.json": {"cache": False}}],
    },
}
PREPARE = """
from pathlib import Path
Path("data/prepared").mkdir(parents=True)
Path("data/prepared/corpus.txt").write_text(Path("source.txt").read_text().upper())
"""
TRAIN = """
from pathlib import Path
import yaml
rate = yaml.safe_load(Path("params.yaml").read_text())["rate"]
Path("models/embedder").mkdir(parents=True)
Path("models/embedder/model.safetensors").write_text(Path("data/prepared/corpus.txt").read_text() * rate)
Path("models/embedder/config.json").write_text("{}")
Path("metrics").mkdir(exist_ok=True)
Path("metrics/train.json").write_text('{"rate": %d}' % rate)
"""
MAKEFILE = "setup:\n\tmkdir -p .venv/bin\n\ttouch .venv/bin/activate\n"


def commands(readme: str) -> list[str]:
    """The blocks of commands in a README's section on sharing."""
    text = (ROOT / readme).read_text(encoding="utf-8").split(SECTIONS[readme])[1].split("\n## ")[0]
    return re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)


@dataclass(frozen=True)
class Team:
    """A hub for git, a folder as DVC's remote, and what each step printed."""

    base: Path
    author: Path
    first_run: str

    def run(self, folder: Path, script: str) -> str:
        """Commands in bash, with the READMEs' addresses put into this folder."""
        script = script.replace("/mnt/team/sunwi", str(self.base / "remote"))
        script = script.replace("https://git.example.org/team", f"file://{self.base}/hub")
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", script],
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def environment(self) -> dict[str, str]:
        who = {
            f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in IDENTITY.items()
        }
        own = {
            "HOME": str(self.base / "home"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "DVC_STUDIO_OFFLINE": "1",
            "DVC_SITE_CACHE_DIR": str(self.base / "site"),
        }
        return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | who | own

    def train(self, rate: int) -> str:
        """The author's run with another parameter, committed."""
        (self.author / "params.yaml").write_text(f"rate: {rate}\n", encoding="utf-8")
        return self.run(self.author, f'dvc repro\ngit add --all\ngit commit --quiet -m "rate {rate}"')


IDENTITY = {"NAME": "A", "EMAIL": "a@example.org"}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """The author runs at rate 1, shares and tags it as the README says, then goes on to rate 2."""
    share, _, tag, _ = commands("README.md")
    base = tmp_path_factory.mktemp("team")
    author = base / "author"
    for folder in (author, base / "home"):
        folder.mkdir()
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["artifacts"]
    written = {
        "dvc.yaml": yaml.safe_dump({"stages": STAGES, "artifacts": declared}),
        "prepare.py": PREPARE,
        "train.py": TRAIN,
        "source.txt": "passages\n",
        "Makefile": MAKEFILE,
        ".gitignore": ".venv/\n",
    }
    for name, text in written.items():
        (author / name).write_text(text, encoding="utf-8")
    first = Team(base, author, "")
    first.run(
        author,
        "git init --quiet --initial-branch main && dvc init --quiet"
        f" && git init --quiet --bare --initial-branch main {base}/hub/sunwi.git"
        f" && git remote add origin file://{base}/hub/sunwi.git"
        " && git config branch.main.remote origin && git config branch.main.merge refs/heads/main",
    )
    made = Team(base, author, first.train(rate=1))
    made.run(author, share)
    made.run(author, tag)
    made.train(rate=2)
    made.run(author, "dvc push --run-cache && git push")
    made.run(
        author, "gto register embedder --version v1.1.0 && gto assign embedder --version v1.1.0 --stage prod"
    )
    made.run(author, "git push origin --tags")
    return made


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in ("data", "models")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }


def model_of(folder: Path) -> str:
    return (folder / "model.safetensors").read_text(encoding="utf-8")


def test_both_readmes_have_the_same_commands() -> None:
    assert commands("README.md") == commands("README.ko.md")


def test_a_teammate_runs_no_stage(team: Team, tmp_path: Path) -> None:
    assert stages_run(team.first_run) == ["prepare", "train_embedder"]
    printed = team.run(tmp_path, commands("README.md")[1])
    assert stages_run(printed) == []
    clone = tmp_path / "sunwi"
    assert bytes_of(clone) == bytes_of(team.author)
    assert model_of(clone / "models" / "embedder") == "PASSAGES\n" * 2
    assert team.run(clone, "git status --porcelain").splitlines()[:1] == ["+ git status --porcelain"]

    earlier = team.run(clone, "git checkout HEAD~1 -- params.yaml dvc.lock metrics\ndvc repro --pull")
    assert stages_run(earlier) == []
    assert model_of(clone / "models" / "embedder") == "PASSAGES\n"


def test_a_shared_cache_restores_every_run(team: Team, tmp_path: Path) -> None:
    team.run(tmp_path, "git clone --quiet https://git.example.org/team/sunwi.git")
    clone = tmp_path / "sunwi"
    (clone / "params.yaml").write_text("rate: 1\n", encoding="utf-8")
    shared = f"dvc cache dir --local {team.author}/.dvc/cache && dvc config --local cache.shared group"
    printed = team.run(clone, f"{shared} && dvc repro")
    assert "Stage 'train_embedder' is cached - skipping run, checking out outputs" in printed
    assert json.loads((clone / "metrics" / "train.json").read_text(encoding="utf-8")) == {"rate": 1}
    assert model_of(clone / "models" / "embedder") == "PASSAGES\n"


def test_a_model_comes_by_its_version(team: Team, tmp_path: Path) -> None:
    team.run(tmp_path, commands("README.md")[3])
    assert sorted(path.name for path in (tmp_path / "embedder").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]
    assert model_of(tmp_path / "embedder") == "PASSAGES\n"  # of the tag, not of the last commit

    get = "dvc artifacts get https://git.example.org/team/sunwi.git embedder"
    team.run(tmp_path, f"{get} --stage prod --out models/embedder")
    assert model_of(tmp_path / "models" / "embedder") == "PASSAGES\n" * 2
