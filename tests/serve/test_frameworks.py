"""The retrievers of docs/serve.md against LangChain and LlamaIndex, which are installed apart."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from tests.serve.conftest import Served

pytestmark = pytest.mark.frameworks
PAGE = Path(__file__).parents[2] / "docs" / "serve.md"
QUERY = "산소를 나르는 헤모글로빈"
ASK = {
    "langchain_core": """
found = SunwiRetriever(url=URL, k=3).invoke(QUERY)
print(json.dumps([[row.metadata["docid"], row.metadata["score"], row.page_content] for row in found]))
""",
    "llama_index": """
found = SunwiRetriever(URL, k=3).retrieve(QUERY)
print(json.dumps([[row.node.node_id, row.score, row.node.get_content()] for row in found]))
""",
}


@pytest.mark.parametrize("framework", sorted(ASK))
def test_the_retriever_of_the_page_answers(served: Served, tmp_path: Path, framework: str) -> None:
    python = os.environ.get("SUNWI_FRAMEWORKS_PYTHON")
    assert python, "name the Python that has the frameworks: make test-frameworks"
    asked = {"query": QUERY, "k": 3}
    answer = httpx.post(f"{served.url}/v1/search", json=asked, timeout=600, trust_env=False)
    rows = answer.json()["results"]
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if framework in block]
    script = tmp_path / "ask.py"
    given = f"import json\nURL, QUERY = {served.url + '/v1/search'!r}, {QUERY!r}\n"
    script.write_text(block + given + ASK[framework], encoding="utf-8")
    done = subprocess.run(
        [python, str(script)], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[row["docid"], row["score"], row["text"]] for row in rows]
    print(framework, done.stdout)
