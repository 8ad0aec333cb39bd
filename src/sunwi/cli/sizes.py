"""The sizes of a project for `sunwi estimate`: from the prepared tables, else from the source folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sunwi.cache import RowCache
from sunwi.cli.workload import Counts, SentenceCounts
from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.paths import PREPARED
from sunwi.records.corpus import Document
from sunwi.text import sentences

SAMPLE = 64  # passages that are tokenised, and that the probe runs on


def read_counts(params: Params, root: Path = Path()) -> tuple[Counts, list[str]]:
    """Counts, and a sample of passages spread over the lengths, in an order that mixes them.

    Before `dvc repro prepare` a document counts as `content / corpus.max_chars` passages.

    Raises
    ------
    InputProblems
        If the source's files cannot be read.
    DataError
        If there is no document.
    """
    from sunwi.corpus.prepared import load_prepared
    from sunwi.corpus.source import assemble, read_source
    from sunwi.query.chitchat import read_examples
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.documents import document_passages

    read, _ = document_passages(Workspace(root), params.corpus)
    source = assemble(read_source(root / params.data.source, read))
    is_prepared = (root / PREPARED).exists()
    documents = load_prepared(root / PREPARED).corpus if is_prepared else source.documents
    texts = [document.text for document in documents]
    passages = len(texts)
    if not is_prepared:
        most = params.corpus.max_chars
        passages = sum(-(-len(document.content) // most) for document in documents)
    if not texts:
        raise DataError(
            f"{params.data.source} holds no document",
            "import documents: sunwi import --help, or dvc repro read",
        )
    sample = spread(texts, SAMPLE)
    encoder = Encoder.of(resolve(params.encoder.model), params.encoder)
    limits = params.encoder
    encoded = encoder.tokenizer()(sample, truncation=True, max_length=limits.max_length)["input_ids"]
    tokens = sorted(map(len, encoded))
    pieces = encoder.reading(sample, "passage", limits.max_length).pieces if limits.windows else []
    extra = passages - len(texts)  # of documents that are cut: nothing of them is in a cache
    new = extra + encoder.missing(texts, "passage", limits.max_length)
    judged = {docid for qrels in (source.qrels, source.dev_qrels) for ids in qrels.values() for docid in ids}
    return (
        Counts(
            documents=len(source.documents),
            passages=passages,
            new_passages=new + round(new * len(pieces) / len(sample)),  # a further window costs a passage
            new_templates=extra + _missing_templates(documents, params),
            new_analyses=extra + _missing_analyses(texts),
            tokens=sum(tokens) / len(tokens),
            longest=tokens[9 * len(tokens) // 10],
            characters=sum(map(len, texts)) / max(1, passages),
            judged=len(judged),
            given=len(source.questions),
            queries=len(source.queries),
            dev_queries=len(source.dev_queries),
            examples=len(read_examples()),
            keeps_tokens=encoder.keeps_tokens(passages, sum(tokens) / len(tokens)),
            new_questions=_missing_questions(encoder, params, root),
            sentences=(
                _sentences(sample, passages, encoder, limits.max_length)
                if params.sentences.enabled
                else SentenceCounts()
            ),
        ),
        sample,
    )


def _sentences(sample: Sequence[str], passages: int, encoder: Encoder, max_length: int) -> SentenceCounts:
    """The sentences of all passages, by those of the sample; nothing is written to a cache."""
    found = [sentence for text in sample for sentence in sentences(text) if sentence.strip()]
    distinct = sorted(set(found))
    new = encoder.missing(distinct, "passage", max_length) / max(1, len(distinct))
    tokens = encoder.tokenizer()(found, truncation=True, max_length=max_length)["input_ids"]
    total = round(passages * len(found) / len(sample))
    mean = sum(map(len, tokens)) / max(1, len(tokens))
    return SentenceCounts(total, round(total * new), mean, total * encoder.dimensions * 2)  # float16


def spread(texts: Sequence[str], count: int) -> list[str]:
    """At most `count` texts at even distances of the order by length, long and short ones in turn.

    Examples
    --------
    >>> spread(["a", "aaa", "aa", "aaaa"], 4)
    ['aaa', 'a', 'aaaa', 'aa']
    """
    ordered = sorted(texts, key=lambda text: (len(text), text))
    taken = [ordered[row * len(ordered) // count] for row in range(count)] if len(texts) > count else ordered
    middle = len(taken) // 2
    pairs = zip(taken[middle:], taken[:middle] + taken[middle:][:1], strict=False)
    mixed = [text for pair in pairs for text in pair]
    return mixed[: len(taken)]


def _missing_templates(documents: Sequence[Document], params: Params) -> int:
    from sunwi.qa.template.cached import candidate_key

    groups = frozenset(params.qa.groups)
    keys = [candidate_key(document, groups, params.seed) for document in documents]
    with RowCache("template_questions") as cache:
        return cache.count_missing(keys)


def _missing_analyses(texts: Sequence[str]) -> int:
    from sunwi.text import MORPHEMES, morpheme_keys

    with RowCache(MORPHEMES) as cache:
        return cache.count_missing(morpheme_keys(texts))


def _missing_questions(encoder: Encoder, params: Params, root: Path) -> int | None:
    from sunwi.paths import QA
    from sunwi.records.files import iter_rows
    from sunwi.records.questions import Question

    path = root / QA / "questions.jsonl"
    if not path.exists():
        return None
    questions = [row.question for row in iter_rows(path, Question)]
    return encoder.missing(questions, "query", params.encoder.query_max_length)
