"""Hooks of mkdocs.yml: pages that stand elsewhere in the repository, the API's, what the nav leaves out.

The READMEs become the index in both languages, so there is one text of each. The API has a page a package of
`src/sunwi`, read from its docstrings; nothing is imported.
"""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.plugins import event_priority

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
COPIES = TemporaryDirectory(prefix="sunwi-docs-")  # removed when the build ends
COPY = Path(COPIES.name) / "docs"
PACKAGE = ROOT / "src" / "sunwi"
ELSEWHERE = {  # file of the repository -> page of the site
    "README.md": "index.md",
    "README.ko.md": "index.ko.md",
    "CONTRIBUTING.md": "contributing.md",
    "recipes/README.md": "recipes.md",
    "data/demo/README.md": "demo_data.md",
}
Entries = list[str | dict[str, str]]  # pages, with a title or without one
MERMAID = "javascripts/mermaid.min.js"
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
OTHER_README = re.compile(r"\[(?:English|한국어)\]\(README[.\w]*\) · ")  # the site has a switch of languages


@event_priority(100)  # before the plugins read the folder
def on_config(config: Any) -> Any:
    """Builds from a copy of docs/ with those pages in it, which the plugin for languages wants as files."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(DOCS, COPY)
    pages = {page: site_page(source) for source, page in ELSEWHERE.items()}
    korean = config.plugins["i18n"].current_language == "ko"  # of the two builds this is the second
    api = korean_api_pages() if korean else api_pages()
    pages |= api
    for page, text in pages.items():
        (COPY / page).parent.mkdir(exist_ok=True)
        (COPY / page).write_text(text, encoding="utf-8")
    (COPY / MERMAID).write_bytes(mermaid())
    config.docs_dir = str(COPY)
    config.nav = nav(config.nav, list(api))
    return config


def nav(written: list[dict[str, Entries]], api: list[str]) -> list[dict[str, Entries]]:
    """The nav of mkdocs.yml, then the guides that it does not name, the results, and the API's pages."""
    sections = {name: list(pages) for section in written for name, pages in section.items()}
    entries = [entry for pages in sections.values() for entry in pages]
    named = {page for entry in entries for page in (entry.values() if isinstance(entry, dict) else [entry])}
    guides = [path.name for path in sorted(DOCS.glob("*.md")) if not path.name.endswith(".ko.md")]
    sections["Reference"] += [name for name in guides if name not in named]
    results = [f"results/{path.name}" for path in sorted((DOCS / "results").glob("*.md"))]
    sections["Results"] = sorted(results, key=lambda page: (not page.endswith("README.md"), page))
    sections["API"] = list(api)
    return [{name: pages} for name, pages in sections.items()]


def site_page(source: str) -> str:
    """A file of the repository with its links as they are on the site: to another page, or to none."""
    text = OTHER_README.sub("", (ROOT / source).read_text(encoding="utf-8"))
    return LINK.sub(lambda link: f"]({site_link(source, link[1])}{link[2] or ''})", text)


def site_link(source: str, target: str) -> str:
    """Raises ValueError for a link to what the site does not have."""
    path = ((ROOT / source).parent / target).resolve().relative_to(ROOT).as_posix()
    if page := ELSEWHERE.get(path):
        return page
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    raise ValueError(f"{source} links to {target}, which is no page of the site: add it to ELSEWHERE")


def api_pages() -> dict[str, str]:
    """Page to Markdown: one for each package, and one for the modules that lie in `src/sunwi` itself."""
    modules = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
    packages = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    pages = {"api/base.md": "# sunwi\n\n" + "\n".join(f"::: sunwi.{name}\n" for name in modules)}
    for name in packages:
        pages[f"api/{name}.md"] = (
            f"# sunwi.{name}\n\n::: sunwi.{name}\n    options: {{show_root_heading: false}}\n"
        )
    return pages


def korean_api_pages() -> dict[str, str]:
    """Docstrings are English alone: each page leads to the English one, so no name has two places."""
    return {
        page: f"# {page.removeprefix('api/').removesuffix('.md')}\n\nAPI 설명은 영어로만 있습니다: "
        f'<a href="../../{page.removesuffix(".md")}.html">{page.removesuffix(".md")}</a>\n'
        for page in api_pages()
    }


def mermaid() -> bytes:
    """mermaid.js out of a wheel that ships it (MIT), so that no CDN is asked.

    Raises FileNotFoundError where the extra `docs` is not installed, or has it elsewhere by now.
    """
    spec = find_spec("diagram_renderer")
    folder = Path(spec.origin).parent if spec and spec.origin else Path("diagram_renderer")
    path = folder / "renderers" / "static" / "js" / "mermaid.min.js"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: install the extra `docs` as constraints.txt pins it (make docs)"
        )
    return path.read_bytes()
