"""The site that `make docs` builds: both languages, an API page a package, and no request to anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FETCHED = re.compile(r'<(?:script|img|iframe)\b[^>]*\bsrc="(?:https?:)?//|<link\b[^>]*\bhref="(?:https?:)?//')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not find_spec("mkdocs") or not find_spec("diagram_renderer"):
        if os.environ.get("CI") == "true":
            pytest.fail("the extra `docs` is not installed: make setup")
        pytest.skip("needs the extra `docs`: make setup")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr  # strict: a link without a target ends it
    return folder


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 50
    assert [page.name for page in pages if FETCHED.search(page.read_text(encoding="utf-8"))] == []
    assert "mermaid" in (site / "javascripts/mermaid.min.js").read_text(encoding="utf-8")
    assert 'class="mermaid"' in (site / "architecture.html").read_text(encoding="utf-8")


def test_the_readmes_are_the_index_in_both_languages(site: Path) -> None:
    english = (site / "index.html").read_text(encoding="utf-8")
    korean = (site / "ko/index.html").read_text(encoding="utf-8")
    assert ("Three commands" in english, "명령 세 개" in korean) == (True, True)
    assert (
        'href="ko/index.html" hreflang="ko"' in english,
        'href="../index.html" hreflang="en"' in korean,
    ) == (
        True,
        True,
    )


def test_every_package_has_its_page_with_what_its_docstrings_say(site: Path) -> None:
    packages = {path.parent.name for path in (ROOT / "src/sunwi").glob("*/__init__.py")}
    assert {path.stem for path in (site / "api").glob("*.html")} == packages | {"base"}
    assert "Reciprocal rank fusion (Cormack" in (site / "api/search.html").read_text(encoding="utf-8")


def test_every_guide_is_on_the_site_and_in_its_navigation(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    guides = [path.stem for path in (ROOT / "docs").glob("*.md") if not path.stem.endswith(".ko")]
    assert [stem for stem in guides if not (site / f"{stem}.html").exists()] == []
    assert [stem for stem in guides if f'href="{stem}.html"' not in index] == []


def test_the_korean_navigation_says_which_guides_are_in_english() -> None:
    """Needs no site: a page without a Korean file is shown in English, and its title says so."""

    class Loader(yaml.SafeLoader):
        """Reads mkdocs.yml without the functions that its tags name."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    [i18n] = [plugin["i18n"] for plugin in config["plugins"] if "i18n" in plugin]
    translations = i18n["languages"][1]["nav_translations"]
    entries = [entry for section in config["nav"] for pages in section.values() for entry in pages]
    titles = {page: title for entry in entries if isinstance(entry, dict) for title, page in entry.items()}
    wrong = {
        page: translations.get(title)
        for page, title in titles.items()
        if page != "demo_data.md"  # both languages in one file
        and ("(영어)" in translations.get(title, ""))
        != (not (ROOT / "docs" / page.replace(".md", ".ko.md")).exists())
    }
    assert wrong == {}
    assert set(titles.values()) <= set(translations)
