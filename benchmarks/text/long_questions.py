"""CPU seconds of making questions from one long line, .25 MB to 1 MB: each doubling should double them.

    python -m benchmarks.text.long_questions

Every kind of line is analysed, split, made questions of, filtered, and cut to the encoder's window.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable

from sunwi.models.encoder import Encoder
from sunwi.models.long_texts import text_starts
from sunwi.models.resolver import resolve
from sunwi.params.qa import QaParams
from sunwi.qa.generate import QaSources, generate_questions
from sunwi.qa.settings import QaSections
from sunwi.qa.template.candidates import template_candidates
from sunwi.records.corpus import Document
from sunwi.text import morphemes, sentences

SIZES = (250_000, 500_000, 1_000_000)  # characters
CLAUSE = "식물은 빛으로 양분을 만들고 산소를 내보내며 물을 흡수한다"
LINES = {  # {n} differs, or the row cache would hold every piece after the first
    "sentences": "제{n}호 " + CLAUSE + ". ",
    "short sentences": "가나다 {n}. ",
    "one sentence": "제{n}호 " + CLAUSE + " ",
    "no spaces": CLAUSE.replace(" ", "") + "{n}",
    "Latin, no spaces": "abcdefgh{n}",
}
PARAMS = QaParams(round_trip="bm25", dev_share=0, groups=["safe", "medium", "keyword"])


def line_of(unit: str, size: int) -> str:
    """The unit with rising numbers, `size` characters long."""
    return "".join(unit.replace("{n}", str(number)) for number in range(size // len(unit) + 1))[:size]


def questions_of(text: str, given: bool) -> None:
    """Questions of a long passage, or a long question given for a short one."""
    if given:
        document, asked = Document(docid="d", content=CLAUSE), [("d", text, "people")]
        params = QaSections(qa=PARAMS.model_copy(update={"provider": "given"}))
    else:
        document, asked = Document(docid="d", content=text), []
        params = QaSections(qa=PARAMS)
    generate_questions(QaSources([document], given=asked), params)


def main() -> None:
    """Print a table."""
    tokenizer = Encoder(resolve("builtin/multilingual-e5-small")).tokenizer()
    steps: dict[str, Callable[[str], object]] = {
        "morphemes": lambda text: morphemes([text]),
        "sentences": sentences,
        "templates": lambda text: template_candidates([Document(docid="d", content=text)], ["safe"], seed=1),
        "questions": lambda text: questions_of(text, given=False),
        "given question": lambda text: questions_of(text, given=True),
        "start for the encoder": lambda text: text_starts(tokenizer, [text], 512),
    }
    morphemes(["물"])  # loads the analyser
    print(f"{'line':18} {'step':22}" + "".join(f"{size // 1000:>8} k" for size in SIZES))
    for name, unit in LINES.items():
        for step, run in steps.items():
            seconds = []
            for size in SIZES:
                with tempfile.TemporaryDirectory() as cache:
                    os.environ["SUNWI_CACHE_DIR"] = cache
                    start = time.process_time()
                    run(line_of(unit, size))
                    seconds.append(time.process_time() - start)
            print(f"{name:18} {step:22}" + "".join(f"{value:>10.2f}" for value in seconds), flush=True)


if __name__ == "__main__":
    main()
