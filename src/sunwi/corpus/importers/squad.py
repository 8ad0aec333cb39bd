"""The SQuAD family: KorQuAD 1.0, KLUE-MRC, and AI-Hub's reading comprehension sets.

`data[].paragraphs[]` holds a `context` and its `qas[]` in all of them; the names of ids, titles and
answers differ (`id`, `guid` or `question_id`; `title` or `doc_title`; a list of answers or one object).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.importer import Importer
from sunwi.corpus.jsonl import read_document
from sunwi.corpus.rows import GivenQuestion, Judgement
from sunwi.errors import DataError
from sunwi.records.corpus import Document, Query
from sunwi.runtime import hash_share

QUESTION_IDS = ("id", "guid", "question_id")
ARTICLE_TITLES = ("title", "doc_title")
PARAGRAPH_TITLES = ("title", "context_title")


def read_squad(
    files: Annotated[list[Path], "JSON files of one set."],
    *,
    tune_share: Annotated[float, "Share of the articles whose questions are for training, 0 to 1."] = 0.0,
) -> Draft:
    """Read one or several files.

    A paragraph becomes a document, `src` names its article, and `title` is kept where the paragraph has
    one of its own. A paragraph that an article repeats is one document with the questions of both.
    Unanswerable questions are left out and counted.

    Parameters
    ----------
    tune_share
        Share of the articles, 0 to 1, chosen by a hash of their id or title, whose questions are
        given questions for training; those of the other articles are evaluation queries with qrels.
    """
    if not 0 <= tune_share <= 1:
        raise DataError(f"tune_share is {tune_share}", "give a share from 0 to 1")
    draft = Draft()
    docids: dict[str, dict[str, str]] = defaultdict(dict)  # article -> context -> docid
    for path, name in zip(files, _names(files), strict=True):
        document = read_document(path, draft) or {"data": []}
        for index, (place, article) in enumerate(_children(draft, Location(path), document, "data")):
            article_id = _first_text(article, ("doc_id",))
            key = article_id or f"{name}-{index:05d}"
            split_by = article_id or _first_text(article, ARTICLE_TITLES) or key
            _add_article(
                draft,
                place,
                article,
                prefix="_".join(key.split()),
                to_tune=hash_share("tune", split_by) < tune_share,
                docids=docids[key],
            )
    return draft


def _add_article(
    draft: Draft,
    place: Location,
    article: dict[str, Any],
    *,
    prefix: str,
    to_tune: bool,
    docids: dict[str, str],
) -> None:
    """Add an article's paragraphs; `docids` are those of its contexts so far."""
    title = _first_text(article, ARTICLE_TITLES)
    for at, paragraph in _children(draft, place, article, "paragraphs"):
        context = _required(draft, at, paragraph, ("context",))
        if context is None:
            continue
        if context in docids:
            draft.counted["paragraphs that their article repeats, joined into one document"] += 1
        else:
            docids[context] = f"{prefix}-{len(docids):03d}"
            own = _own_title(paragraph)
            row = draft.build(at, Document, docid=docids[context], content=context, title=own, src=title)
            draft.documents += [(at, row)] if row else []
        _add_questions(draft, at, paragraph, docids[context], to_tune)


def _names(files: Sequence[Path]) -> list[str]:
    """A prefix for each file's ids: its stem, with the folder's name where two stems are the same."""
    stems = Counter(path.stem for path in files)
    return [path.stem if stems[path.stem] == 1 else f"{path.parent.name}-{path.stem}" for path in files]


def _add_questions(draft: Draft, at: Location, paragraph: dict[str, Any], docid: str, to_tune: bool) -> None:
    for place, asked in _children(draft, at, paragraph, "qas"):
        question = _required(draft, place, asked, ("question",))
        qid = _required(draft, place, asked, QUESTION_IDS)
        if question is None or qid is None:
            continue
        if not _is_answerable(asked):
            draft.counted["unanswerable questions, left out"] += 1
        elif to_tune:
            given = draft.build(place, GivenQuestion, docid=docid, question=question, source="human")
            draft.questions += [(place, given)] if given else []
        else:
            turn = {"role": "user", "content": question}
            query = draft.build(place, Query, eval_id=qid, messages=[turn])
            draft.queries += [(place, query)] if query else []
            draft.qrels.append((place, Judgement(qid, docid, 1)))


def _is_answerable(asked: dict[str, Any]) -> bool:
    """`is_impossible` decides; without it, a question whose answers hold no text has none."""
    impossible = asked.get("is_impossible")
    if impossible is not None:
        return str(impossible).lower() not in {"true", "1"}
    if "answers" not in asked:
        return True
    answers = asked["answers"] if isinstance(asked["answers"], list) else [asked["answers"]]
    texts = [answer.get("text") if isinstance(answer, dict) else answer for answer in answers]
    return any(isinstance(text, str) and text.strip() for text in texts)


def _own_title(paragraph: dict[str, Any]) -> str | None:
    title = _first_text(paragraph, PARAGRAPH_TITLES)
    return title if title and not paragraph["context"].lstrip().startswith(title) else None


def _children(
    draft: Draft, place: Location, parent: dict[str, Any], name: str
) -> Iterator[tuple[Location, dict[str, Any]]]:
    items = parent.get(name)
    if not isinstance(items, list):
        draft.problems.append(place.problem(f"expected a list in the field '{name}'"))
        return
    for index, item in enumerate(items):
        at = place.within(f"{name}[{index}]")
        if isinstance(item, dict):
            yield at, item
        else:
            draft.problems.append(at.problem("expected an object"))


def _first_text(values: dict[str, Any], names: Sequence[str]) -> str | None:
    """The first of the fields that holds text; numbers are ids written without quotes."""
    for name in names:
        value = values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value.strip():
            return value
    return None


def _required(draft: Draft, place: Location, values: dict[str, Any], names: Sequence[str]) -> str | None:
    found = _first_text(values, names)
    if found is None:
        fields = " or ".join(f"'{name}'" for name in names)
        draft.problems.append(place.problem(f"field {fields} is missing or empty"))
    return found


IMPORTER = Importer(
    read_squad, "KorQuAD 1.0, KLUE-MRC or AI-Hub's reading comprehension sets (finance and law among them)."
)
