"""A small set of page inputs, and a headless Chromium driven over its own protocol.

Clicks and keys are real ones; every request and message of the page is seen.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sunwi.params.whole import Params
from sunwi.records.corpus import Document, Message, Query
from sunwi.records.submissions import LineageRow, UnderstoodQuery
from sunwi.report.failures import count_causes, failure_notes
from sunwi.report.inputs import PageInputs
from sunwi.report.stage_hits import stage_hits
from sunwi.score.per_query import read_per_query
from sunwi.score.plots import map_ladder, recall_curve
from sunwi.score.table import score_runs

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 120  # seconds for a start or an answer on a busy machine


class Browser:
    """One tab."""

    def __init__(self, executable: str, profile: Path) -> None:
        from websockets.sync.client import connect

        flags = [
            "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run",
            "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
            "--disable-component-update", "--disable-default-apps",
        ]  # fmt: skip
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # Chromium refuses its sandbox to root
        self.process = subprocess.Popen(
            [executable, *flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        port = self._port(profile / "DevToolsActivePort")
        self.socket = connect(port, max_size=None, open_timeout=PATIENCE, proxy=None)
        self.events: list[dict[str, Any]] = []
        self.number = 0
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session: str | None = self.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    session: str | None = None

    def _port(self, file: Path) -> str:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"Chromium ended with {self.process.returncode}")
            lines = file.read_text("utf-8").splitlines() if file.exists() else []
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(0.05)
        raise RuntimeError(f"Chromium did not open its port in {PATIENCE} s")

    def send(self, method: str, **params: Any) -> Any:
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv(timeout=PATIENCE))
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, path: Path, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Open a local page and wait until its charts are drawn."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.send("Emulation.setEmulatedMedia", features=features)
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.events.clear()
        self.send("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.documentElement?.dataset.drawn === 'true'")

    def wait(self, condition: str) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.run(f"Boolean({condition})"):
                return
            time.sleep(0.05)
        raise AssertionError(f"never true: {condition}; {self.complaints()}")

    def click(self, selector: str) -> None:
        """A real click in the middle of the first element of the selector."""
        x, y = self.run(
            f"(() => {{ const box = document.querySelector({json.dumps(selector)});"
            "box.scrollIntoView({block: 'center'}); const at = box.getBoundingClientRect();"
            "return [at.x + at.width / 2, at.y + at.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        codes = {"Tab": 9, "Enter": 13, "ArrowDown": 40, "ArrowUp": 38}
        text = {"text": "\r"} if key == "Enter" else {}
        common = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        self.send("Input.dispatchKeyEvent", type="keyDown", **common, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def requests(self) -> list[str]:
        """Addresses asked for, besides the page itself and data it holds."""
        asked = [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith(("file:", "data:", "about:"))]

    def complaints(self) -> list[str]:
        """Messages of the console, uncaught errors and refusals of the page's policy."""
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(event["params"]) for event in self.events if event.get("method") in kinds]

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(PATIENCE)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Headless Chromium; tests that need it are skipped where there is none, and fail in CI."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        missing = f"no Chromium here (looked for {', '.join(NAMES)}): bash scripts/install_chromium.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    found = Browser(executable, tmp_path_factory.mktemp("chromium"))
    try:
        yield found
    finally:
        found.close()


ATTACK = '</script><img src=x onerror="window.hacked = true"><!-- \u2028 & \' " {{ 7 * 7 }}'


@pytest.fixture(scope="session")
def inputs() -> PageInputs:
    """Two variants, four queries: both find one, the fusion loses one, none finds one, one is small talk."""
    return page_inputs()


def page_inputs(text: str = ATTACK) -> PageInputs:
    params = Params.model_validate(
        {
            "data": {"source": "data/x"},
            "submissions": {
                "dense_base": {"encoder": "base", "retrievers": ["dense"], "fusion": "weighted"},
                "tuned": {"rerank": "both"},
            },
            "report": {"headline": "tuned"},
            "score": {"bootstrap": 200, "permutations": 200},
        }
    )
    documents = [
        Document(docid=f"d{number}", title=f"제목 {number} {text}", content=f"문단 {number} {text}")
        for number in range(1, 6)
    ]
    spoken = {1: "첫 질문", 2: f"둘째 {text}", 3: "셋째 질문", 4: "안녕"}
    queries = [
        Query(eval_id=qid, messages=[Message(role="user", content=said)]) for qid, said in spoken.items()
    ]
    understood = [
        UnderstoodQuery(eval_id=qid, standalone_query=said, needs_retrieval=qid != 4, source="rules")
        for qid, said in spoken.items()
    ]
    qrels = {"1": {"d1": 2}, "2": {"d2": 1}, "3": {"d5": 1}}
    orders = {
        "dense_base": {"1": ["d1", "d2"], "2": ["d2", "d1"], "3": ["d1", "d2"], "4": ["d1", "d2"]},
        "tuned": {"1": ["d1", "d2"], "2": ["d1", "d3", "d4", "d2"], "3": ["d1", "d2"], "4": ["d1", "d2"]},
    }
    runs = {
        name: {qid: {docid: -float(at) for at, docid in enumerate(order)} for qid, order in found.items()}
        for name, found in orders.items()
    }
    topk = {
        name: {qid: order[:3] if qid != "4" else [] for qid, order in orders[name].items()} for name in orders
    }
    lineage = {
        name: [
            LineageRow(
                eval_id=qid,
                standalone_query=said,
                needs_retrieval=qid != 4,
                reason="ranked",
                candidates=[
                    {
                        "docid": docid,
                        "rank": rank,
                        "fused_rank": rank,
                        "dense_rank": 1 if docid == "d2" else rank + 1,
                    }
                    for rank, docid in enumerate(orders[name][str(qid)], start=1)
                ],
            )
            for qid, said in spoken.items()
        ]
        for name in orders
    }
    scores = score_runs(qrels, runs, topk, ["1", "2", "3", "4"], params.score, seed=1)
    per_query = read_per_query(csv_text(scores.per_query), "per_query.csv")
    relevant = {qid: frozenset(found) for qid, found in qrels.items()}
    texts = {document.docid: document.text for document in documents}
    notes = [
        note
        for name in sorted(orders)
        for note in failure_notes(
            name, lineage[name], topk[name], relevant, per_query.rank[name], set(), texts, 3
        )
    ]
    hits = [row for name in sorted(orders) for row in stage_hits(name, lineage[name], relevant)]
    prepare = {"documents": 5, "passages": 5, "queries": 4}
    points = [
        {"kind": "evaluation", "id": "2", "x": "0.1", "y": "0.2", "failed": "1", "text": text},
        {"kind": "synthetic", "id": "q", "x": "1.5", "y": "-0.2", "failed": "0", "text": text},
    ]
    stages = {
        "prepare": {"cmd": "x", "desc": f"first {text}", "outs": ["data/prepared"]},
        "score": {
            "cmd": "y",
            "deps": ["data/prepared"],
            "metrics": [{"metrics/scores.json": {"cache": False}}],
        },
    }
    return PageInputs(
        params=params,
        scores=scores.summary,
        detail=scores.detail,
        per_query=per_query,
        metrics={
            "prepare": prepare,
            "failures": count_causes(notes, orders),
            "qa": {"candidates": 9, "kept": 7},
            "judge": judge_metrics(text),
            "query": {
                "threshold": 0.525,
                "judged": {
                    "queries": 4,
                    "chitchat": 2,
                    "prior": 0.6,
                    "prior_source": "examples",
                    "fitted": 0.45,
                    "right_by_prior": 3,
                    "right": 4,
                },
            },
            "mine": {"judge": {"used": True, "asked": 70, "answering": 3, "made_positive": 3, "left_out": 0}},
        },
        plots={
            "map_ladder": as_text(map_ladder(scores.summary)),
            "recall": as_text(recall_curve(scores.detail)),
            "stage_hits": as_text(hits),
        },
        points=points,
        documents=documents,
        queries=queries,
        understood=understood,
        qrels=qrels,
        lineage=lineage,
        topk=topk,
        notes=notes,
        stages=stages,
        locked={"data/prepared": "abc.dir"},
        versions={"Python": "3.11"},
    )


def judge_metrics(text: str) -> dict[str, Any]:
    """As the stage judge writes them: two people, a model whose name is text of a person."""
    counts = {"queries": 4, "pairs": 31, "chitchat": 1, "unclear": 0, "same": 24, "other": 2, "unlabelled": 5}
    people = {"judges": ["가", "나"], "pairs": 12, "value": 0.71, "low": 0.52, "high": 0.88}
    machine = {"judges": ["people", text], "pairs": 30, "value": 0.44, "low": 0.21, "high": 0.63}
    return {
        "people": {
            "judges": 2, "splits": {"dev": counts, "test": {**counts, "pairs": 1030}},
            "machine_lines": {"llm-m": 17}, "agreement": people,
        },
        "machine": {
            "used": False, "why": "agreement with people is below judge.floor", "model": text,
            "agreement": machine, "llm": {},
        },
    }  # fmt: skip


def as_text(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{key: str(value) for key, value in row.items()} for row in rows]


def csv_text(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
