"""The search page and the desk in a real browser: compare, links, a judging session by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.serve.conftest import Served, lines_of

from sunwi.judging.places import JUDGEMENTS, POOL
from sunwi.judging.pools import PoolSettings
from sunwi.judging.records import JudgementLine, append_line
from sunwi.serve.pooling import add_to_pool, pool_of_split
from sunwi.workspace.base import Workspace

CODES = {"Enter": 13, "Escape": 27}


def visit(browser: Any, url: str, ready: str) -> None:
    browser.events.clear()
    browser.send("Page.navigate", url=url)
    browser.wait(f"document.readyState === 'complete' && location.href !== 'about:blank' && {ready}")


def reload(browser: Any, ready: str) -> None:
    browser.run("window.before = true")
    browser.send("Page.reload")
    browser.wait(f"!window.before && document.readyState === 'complete' && {ready}")


def press(browser: Any, key: str) -> None:
    code = CODES.get(key) or ord(key.upper())
    text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
    browser.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
    browser.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)


def search(browser: Any, served: Served, query: str, more: str = "") -> None:
    visit(
        browser,
        f"{served.url}/?q={quote(query)}&a=hybrid&lang=ko{more}",
        "document.querySelectorAll('.hit').length > 0",
    )


def test_search_compare_and_links_by_keyboard(browser: Any, served: Served) -> None:
    search(browser, served, "헤모글로빈은 산소를 나른다")
    assert browser.run("document.querySelector('.hit').dataset.docid") == "d3"
    assert "산소" in browser.run("[...document.querySelectorAll('.hit mark')].map(one => one.textContent)")
    assert set(
        browser.run(
            "[...document.querySelectorAll('.hit:first-of-type [data-component]')]"
            ".map(one => one.dataset.component)"
        )
    ) == {"bm25", "dense", "fused", "late_interaction", "questions"}
    press(browser, "j")
    press(browser, "Enter")
    assert browser.run("document.activeElement.dataset.open") == "true"
    press(browser, "c")
    browser.wait("document.querySelectorAll('.column').length === 2")
    assert browser.run("document.querySelectorAll('.column:nth-child(2) .moved').length > 0")
    link = browser.run("location.href")
    assert "b=bm25" in link
    assert "open=d3" in link
    reload(browser, "document.querySelectorAll('.column').length === 2")
    assert browser.run("document.querySelector('.hit').dataset.open") == "true"
    press(browser, "l")
    assert browser.run("document.querySelector('nav a').textContent") == "Search"
    foreign = [url for url in browser.requests() if not url.startswith(served.url)]
    assert foreign == []
    assert browser.complaints() == []


def test_markup_in_passages_and_queries_is_inert(browser: Any, served: Served) -> None:
    attack = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'> 마그마"
    search(browser, served, attack)
    assert browser.run("window.hacked === undefined && document.images.length === 0")
    assert "<script>" in browser.run("document.querySelector('[data-docid=d5] p').textContent")


@pytest.fixture
def desk(built: Path) -> Iterator[Path]:
    settings = PoolSettings(depth=3, budget=3, random_share=0.5, doubled_share=1.0, seed=1)
    workspace = Workspace(built)
    add_to_pool(workspace, pool_of_split(workspace, "dev", ["bm25", "dense"], settings))
    yield built
    for path in (built / JUDGEMENTS).glob("*.jsonl"):
        path.unlink()
    (built / POOL).unlink()


def sit(browser: Any, served: Served, judge: str) -> None:
    visit(browser, f"{served.url}/desk?judge={judge}&lang=ko", "document.body.dataset.done !== undefined")


def judged(browser: Any, key: str, done: int) -> None:
    press(browser, key)
    browser.wait(f"document.body.dataset.done === '{done}'")


def test_a_session_by_keyboard_with_undo_reload_and_a_second_judge(
    browser: Any, served: Served, desk: Path
) -> None:
    sit(browser, served, "지우")
    assert "bm25" not in browser.run("document.body.textContent")
    first = browser.run("document.getElementById('card').dataset.docid")
    judged(browser, "3", 1)
    judged(browser, "0", 2)
    judged(browser, "u", 1)
    reload(browser, "document.body.dataset.done === '1'")
    judged(browser, "u", 0)  # undo reaches behind the reload
    assert browser.run("document.getElementById('card').dataset.docid") == first
    press(browser, "n")
    browser.send("Input.insertText", text="메모 <b>")
    press(browser, "Enter")
    judged(browser, "2", 1)
    judged(browser, "x", 2)
    kinds = [(line["kind"], line.get("grade")) for line in lines_of(desk, "지우")]
    assert kinds == [
        ("grade", 3), ("grade", 0), ("undo", None), ("undo", None), ("grade", 2), ("cannot_tell", None)
    ]  # fmt: skip
    assert lines_of(desk, "지우")[4]["note"] == "메모 <b>"
    press(browser, "s")  # the whole query is chit-chat: its passages are done with it
    browser.wait("Number(document.body.dataset.done) >= 4")
    sit(browser, served, "민서")
    assert browser.run("document.getElementById('second').hidden") is False
    judged(browser, "1", 1)
    assert lines_of(desk, "민서")[0]["grade"] == 1
    assert browser.complaints() == []


def test_a_link_of_the_report_pools_its_query_and_shows_it_alone(
    browser: Any, served: Served, desk: Path
) -> None:
    pool = desk / POOL
    kept = [line for line in pool.read_text("utf-8").splitlines() if '"qid": "2"' not in line]
    places = [re.sub(r'"place": \d+', f'"place": {at}', line) for at, line in enumerate(kept)]
    pool.write_text("".join(f"{line}\n" for line in places), "utf-8")
    link = f"{served.url}/desk?split=dev&qid=2&qid=%3Cb%3E&lang=en"
    visit(browser, f"{link}&judge=report", "!document.getElementById('asked').hidden")
    assert browser.run("document.getElementById('asked-what').textContent").startswith(
        "2 chosen queries, 2 of"
    )
    browser.click("#add")
    browser.wait("document.getElementById('problem').textContent.includes('<b>')")  # no such query: told
    visit(
        browser, f"{link.replace('&qid=%3Cb%3E', '')}&judge=report", "!document.getElementById('add').hidden"
    )
    browser.click("#add")
    browser.wait("!document.getElementById('table').hidden")
    assert browser.run("document.getElementById('query').textContent") == "마그마는 어디로 솟나?"
    assert browser.run("document.getElementById('add').hidden")
    judged(browser, "2", 1)
    assert [(line["split"], line["qid"]) for line in lines_of(desk, "report")] == [("dev", "2")]
    assert browser.run("window.hacked === undefined && document.querySelectorAll('#asked b').length === 0")


def test_nobody_judges_under_a_models_name(served: Served, desk: Path) -> None:
    shared = {"split": "dev", "qid": "1", "docid": "d2", "kind": "grade", "at": "2026-01-01T00:00:00"}
    line = {**shared, "judge": "llm-m", "grade": 2, "query": "질의", "machine": True}
    append_line(desk / JUDGEMENTS, JudgementLine.model_validate(line))
    state = httpx.get(f"{served.url}/desk/state", params={"judge": "a"}, trust_env=False).json()
    assert not any(query["second"] for query in state["queries"])  # a machine is no first judge
    document = state["queries"][0]["documents"][0]["docid"]
    body = {"judge": "llm-m", "place": 0, "docid": document, "kind": "grade", "grade": 1}
    answer = httpx.post(f"{served.url}/desk/judgements", json=body, trust_env=False)
    assert answer.status_code == 400
    assert "language model's name" in answer.json()["error"]["message"]
