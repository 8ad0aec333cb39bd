"""Characters, words and tables right, by library and format, of made documents whose text is known.

python compare.py SOURCE_FOLDER OUTPUT.jsonl...      (needs rapidfuzz: run it in the rivals' environment)

Characters: 1 - edit distance / longer length, of letters and digits alone, in order. Words: F1 of the bags of
words at spaces, without marks. Tables: share of the source's rows of which one line holds exactly the cells.
"""

import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

MARKS = re.compile(r"[^0-9A-Za-z가-힣一-鿿]+")


def main() -> None:
    source = Path(sys.argv[1])
    print(
        "| library | format | files | no text | characters | words | tables |\n|---|---|---|---|---|---|---|"
    )
    for output in sys.argv[2:]:
        rows = [json.loads(line) for line in Path(output).read_text(encoding="utf-8").splitlines()]
        scores = defaultdict(list)
        for row in rows:
            if "name" in row:
                stem, _, suffix = row["name"].rpartition(".")
                truth = [
                    line.split("\t")
                    for line in (source / f"{stem}.tsv").read_text(encoding="utf-8").splitlines()
                ]
                scores[suffix].append(score(truth, row.get("text", "")))
        for suffix, found in sorted(scores.items()):
            means = [sum(one[part] for one in found) / len(found) for part in range(3)]
            empty = sum(one[0] == 0 for one in found)
            print(
                f"| {Path(output).stem} | {suffix} | {len(found)} | {empty} | "
                + " | ".join(f"{mean:.3f}" for mean in means)
                + " |"
            )
        print(f"| {Path(output).stem} | | | | {rows[-1]} | | |")


def score(truth: list[list[str]], text: str) -> tuple[float, float, float]:
    text = unicodedata.normalize("NFC", text)
    parts = [line[2:] if line[0] == "H" else line[1:] for line in truth]
    expected = " ".join(" ".join(part) for part in parts)
    a, b = MARKS.sub("", expected), MARKS.sub("", text)
    from rapidfuzz.distance import Levenshtein  # in the rivals' environment alone

    characters = 1 - Levenshtein.distance(a, b) / max(len(a), len(b), 1)
    left, right = Counter(words(expected)), Counter(words(text))
    f1 = 2 * sum((left & right).values()) / max(1, left.total() + right.total())
    rows = [cells(line[1:]) for line in truth if line[0] == "T"]
    seen = {cells(re.split(r"[|\t]", line.strip().strip("|"))) for line in text.split("\n")}
    return characters, f1, sum(row in seen for row in rows) / max(1, len(rows))


def words(text: str) -> list[str]:
    return [word for part in text.split() if (word := MARKS.sub("", part))]


def cells(row: list[str]) -> tuple[str, ...]:
    made = [MARKS.sub("", cell) for cell in row]
    while made and not made[-1]:
        made.pop()
    return tuple(made)


if __name__ == "__main__":
    main()
