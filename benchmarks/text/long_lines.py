"""CPU seconds that one line of .25 to 1 MB takes, by step: `python -m benchmarks.text.long_lines`.

Each step is linear: four times the text takes about four times as long. The bounds that make it so are
`text.MAX_MARKS` and `text.PIECE`; tests/test_text.py counts them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from sunwi.corpus.chunking import split_text
from sunwi.text import kiwi, normalise, sentences, squeeze, storable, visible_form

LINES = {
    "sentences without a line end": "물은 언다. ",
    "one sentence": "물은 섭씨 0도에서 얼고 100도에서 끓으며 ",
    "one word": "가나다라",
    "combining marks": "\u0316\u0301",
    "white space": " \u3000",
    "quotes and full stops": '."',
}
STEPS: dict[str, Callable[[str], object]] = {
    "storable": storable,
    "normalise": normalise,
    "visible_form": visible_form,
    "squeeze": squeeze,
    "sentences": sentences,
    "split_text": lambda text: split_text(text, 1000),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[0.25, 0.5, 1.0], help="of UTF-8")
    args = parser.parse_args()
    kiwi().split_into_sents("물은 언다.")  # loads the analyser
    print(f"{'line':32}{'step':14}" + "".join(f"{size:>9g} MB" for size in args.megabytes) + "   growth")
    for name, unit in LINES.items():
        for step, run in STEPS.items():
            seconds = []
            for size in args.megabytes:
                line = unit * round(size * 1e6 / len(unit.encode("utf-8")))
                start = time.process_time()
                run(line)
                seconds.append(time.process_time() - start)
            growth = seconds[-1] / max(seconds[0], 1e-9)
            print(
                f"{name:32}{step:14}" + "".join(f"{value:>11.3f}s" for value in seconds) + f"{growth:9.1f}x"
            )


if __name__ == "__main__":
    main()
