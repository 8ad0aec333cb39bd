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
from sunwi.records.files import shorten_value
from sunwi.runtime import hash_share
from sunwi.text import is_visible, storable

QUESTION_IDS = ("id", "guid", "question_id")
FIELD_NAMES = {"content": "context", "src": "title of the article", "messages": "question"}
ARTICLE_TITLES = ("title", "doc_title")
PARAGRAPH_TITLES = ("title", "context_title")
KORQUAD2 = (
    "found KorQuAD 2 (articles of HTML without paragraphs), which is not read; take the text out of each "
    "article's HTML (BeautifulSoup(html).get_text()) and write it as KorQuAD 1 has it: "
    '{"data": [{"title": ..., "paragraphs": [{"context": TEXT, "qas": [...]}]}]}'
)
_YES = frozenset({"true", "t", "yes", "y", "1", "예"})
_NO = frozenset({"false", "f", "no", "n", "0", "", "아니오", "아니요"})


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
        if _is_korquad2(document):
            draft.problems.append(Location(path).problem(KORQUAD2))
            continue
        for index, (place, article) in enumerate(_children(draft, Location(path), document, "data")):
            article_id = _first_text(article, ("doc_id",))
            if article_id is not None and not draft.check_id(place, "field 'doc_id'", article_id):
                continue
            key = article_id or f"{name}-{index:05d}"
            split_by = article_id or storable(_first_text(article, ARTICLE_TITLES) or key)[0]
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
    for inside, paragraph in _children(draft, place, article, "paragraphs"):
        context = _required(draft, inside, paragraph, ("context",))
        if context is None:
            continue
        if context in docids:
            draft.counted["paragraphs that their article repeats, joined into one document"] += 1
        else:
            docids[context] = f"{prefix}-{len(docids):03d}"
            own = _own_title(paragraph)
            row = draft.build(
                inside, Document, FIELD_NAMES, docid=docids[context], content=context, title=own, src=title
            )
            draft.documents += [(inside, row)] if row else []
        _add_questions(draft, inside, paragraph, docids[context], to_tune)


def _names(files: Sequence[Path]) -> list[str]:
    """A prefix for each file's ids: its stem, with the folder's name where two stems are the same."""
    stems = Counter(path.stem for path in files)
    return [path.stem if stems[path.stem] == 1 else f"{path.parent.name}-{path.stem}" for path in files]


def _add_questions(
    draft: Draft, place: Location, paragraph: dict[str, Any], docid: str, to_tune: bool
) -> None:
    for inside, question in _children(draft, place, paragraph, "qas"):
        text = _required(draft, inside, question, ("question",))
        qid = _required(draft, inside, question, QUESTION_IDS)
        if text is None or qid is None or not draft.check_id(inside, "question id", qid):
            continue
        if not _is_answerable(draft, inside, question):
            draft.counted["unanswerable questions, left out"] += 1
        elif to_tune:
            given = draft.build(inside, GivenQuestion, docid=docid, question=text, source="human")
            draft.questions += [(inside, given)] if given else []
        else:
            turn = {"role": "user", "content": text}
            query = draft.build(inside, Query, FIELD_NAMES, eval_id=qid, messages=[turn])
            if query is not None:
                draft.queries.append((inside, query))
                draft.qrels.append((inside, Judgement(qid, docid, 1)))


def _is_korquad2(document: dict[str, Any]) -> bool:
    articles = document.get("data")
    first = articles[0] if isinstance(articles, list) and articles else None
    return isinstance(first, dict) and "paragraphs" not in first and ("raw_html" in first or "qas" in first)


def _is_answerable(draft: Draft, place: Location, asked: dict[str, Any]) -> bool:
    """`is_impossible` decides; without it, a question whose answers hold no text has none."""
    impossible = asked.get("is_impossible")
    if impossible is not None:
        word = _word(impossible)
        if word not in _YES | _NO:
            what = f"field 'is_impossible': expected true or false, found {shorten_value(impossible)}"
            draft.problems.append(place.problem(what))
        return word not in _YES
    answers = [asked[name] for name in ("answers", "answer") if name in asked]
    return not answers or any(_has_text(answer) for answer in answers)


def _word(value: Any) -> str | None:
    """A boolean as people write it: true, "Y", 0, 1.0, "no" ..."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower() if isinstance(value, str | int) else None


def _has_text(answer: Any) -> bool:
    """Whether an answer has text: a text or number, a list of answers, or `{"text": one of these}`."""
    if isinstance(answer, list):
        return any(_has_text(item) for item in answer)
    if isinstance(answer, dict):
        return _has_text(answer.get("text"))
    if isinstance(answer, str):
        return is_visible(answer)
    return isinstance(answer, int | float)


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
        inside = place.within(f"{name}[{index}]")
        if isinstance(item, dict):
            yield inside, item
        else:
            draft.problems.append(inside.problem("expected an object"))


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
    text = _first_text(values, names)
    if text is None:
        fields = " or ".join(f"'{name}'" for name in names)
        draft.problems.append(place.problem(f"field {fields} is missing or empty"))
    return text


IMPORTER = Importer(
    read_squad, "KorQuAD 1.0, KLUE-MRC or AI-Hub's reading comprehension sets (finance and law among them)."
)
