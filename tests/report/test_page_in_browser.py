"""The page in a real browser: clicks, keys, no network, no complaint, and content that stays content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sunwi.report.inputs import PageInputs
from sunwi.report.page import render_page


@pytest.fixture(scope="module")
def page(inputs: PageInputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(render_page(inputs), encoding="utf-8")
    return path


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_opens_without_network_or_complaint_and_fits(
    browser: Any, page: Path, width: int, scheme: str
) -> None:
    browser.open(page, width=width, scheme=scheme)
    assert browser.requests() == []
    assert browser.complaints() == []
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    drawn = browser.run(
        "[...document.querySelectorAll('[data-chart]')].map(one => one.querySelectorAll('svg path').length)"
    )
    assert drawn
    assert all(drawn), "a chart is empty"


def test_content_of_the_corpus_is_inert(browser: Any, page: Path) -> None:
    browser.open(page)
    for number in range(browser.run("document.querySelectorAll('#queries button').length")):
        browser.click(f"#queries li:nth-child({number + 1}) button")
    assert browser.run("window.hacked === undefined && document.images.length === 0")
    assert browser.run("document.querySelectorAll('script').length") == 4
    assert "<img src=x onerror" in browser.run("document.getElementById('detail').textContent")
    assert browser.complaints() == []


def test_explorer_by_mouse(browser: Any, page: Path) -> None:
    browser.open(page)
    assert browser.run("[...document.querySelectorAll('#queries button')].map(row => row.dataset.id)") == [
        "2",
        "3",
    ]
    browser.click("#queries [data-id='2']")
    assert browser.run("document.querySelector('#queries [data-id=\"2\"]').ariaCurrent") == "true"
    sides = browser.run(
        "[...document.querySelectorAll('.side')].map(side => [side.querySelector('select').value,"
        "[...side.querySelectorAll('.ranking li.relevant code')].map(code => code.textContent)])"
    )
    assert sides == [["tuned", ["d2"]], ["dense_base", ["d2"]]]
    browser.run("document.getElementById('chips').children[3].textContent")
    browser.click("#chips button:nth-child(4)")  # lost by the fusion: dense has it first
    assert browser.run("[...document.querySelectorAll('#queries button')].map(row => row.dataset.id)") == [
        "2"
    ]
    browser.click("#chips button:last-child")
    assert browser.run("document.querySelectorAll('#queries button').length") == 4


def test_a_failing_query_links_to_the_desk(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.click("#queries [data-id='2']")
    link = browser.run("document.querySelector('a.to-desk').href")
    assert link == "http://127.0.0.1:8756/desk?split=test&qid=2"
    assert browser.run("document.querySelector('#judgements a').href") == f"{link}&qid=3"


def test_explorer_by_search(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.click("#find")
    browser.send("Input.insertText", text="셋째")
    browser.wait("document.querySelectorAll('#queries button').length === 1")
    assert browser.run("document.querySelector('#queries button').dataset.id") == "3"
    assert browser.run("document.querySelector('#queries mark').textContent") == "셋째"


def test_what_is_searched_for_is_no_pattern(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.click("#find")
    browser.send("Input.insertText", text="</script><img src=x")
    browser.wait("document.querySelectorAll('#queries mark').length > 0")
    marks = "[...document.querySelectorAll('mark')].map(one => one.textContent)"
    assert set(browser.run(marks)) == {"</script><img", "src=x"}
    browser.send("Input.insertText", text=" (.*")
    browser.wait("document.querySelectorAll('#queries button').length === 0")
    assert "맞는 질의가 없습니다" in browser.run("document.getElementById('found').textContent")
    assert browser.complaints() == []


def test_explorer_by_keyboard(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.run("document.getElementById('focus').focus()")
    for _ in range(20):
        browser.press("Tab")
        if browser.run("document.activeElement.closest('#queries') !== null"):
            break
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("ArrowDown")
    assert browser.run("document.activeElement.dataset.id") == "3"
    assert "셋째 질문" in browser.run("document.getElementById('detail').textContent")
    browser.press("ArrowUp")
    browser.press("Enter")
    assert browser.run("document.querySelector('#queries [data-id=\"2\"]').ariaCurrent") == "true"


def test_charts_follow_the_colour_scheme(browser: Any, page: Path) -> None:
    browser.open(page, scheme="light")
    label = "getComputedStyle(document.querySelector('[data-chart=ladder] svg text')).fill"
    light = browser.run(label)
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.send("Emulation.setEmulatedMedia", features=features)
    browser.wait(f"{label} !== {light!r}")
