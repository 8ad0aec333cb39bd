"""What each stage will do, counted from params.yaml and the corpus, and the CPU seconds that it takes.

Counts are those of the demo's kind of project: what depends on results (early stopping, the gates, how many
questions the filters keep) is counted as if all of it were done. The early look, which saves most, can be
counted as ending the reranker's training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sunwi.cli.probe import Speeds
from sunwi.params.submissions import SubmissionParams
from sunwi.params.whole import Params
from sunwi.train.embedder.gate import (
    CONFIRMED_CORPUS,
    GATE_QUESTIONS,
    POOL_DEPTH,
    POOL_SAMPLE,
    SMALL_CORPUS,
)
from sunwi.train.reranker.early_look import LOOK_QUESTIONS, look_step

FAMILIES = ("baseline", "promoted", "rerankers")
KEPT = 0.85  # of the template questions that are asked for: the demo's filters keep 867 of 1,020
ANALYSES = 4  # a passage's template questions cost so many of its analyses; an assumption
QUESTION_TOKENS = 24
# Small work on one thread, in starts of Python, measured on the demo: a fit of fusion and MaxSim, a variant,
# the baselines' page, a combination; scores, diagnosis and page of all. DVC's own after a stage is one.
FIT, VARIANT, PAGE, COMBINATION, END = 10, 3, 12, 12, 33
LOW_OVERLAP = 0.12  # of synthetic dev questions, as those of the science passages
GATE_CORPUS = CONFIRMED_CORPUS  # up to here the gate leaves no passage to encode under the promoted encoder
RERANKED_BY_MODEL = ("cross_encoder", "both")


@dataclass(frozen=True, slots=True)
class SentenceCounts:
    """Sentences of all passages, none where `sentences.enabled` is false.

    Attributes
    ----------
    new
        Those whose vectors are not in the cache.
    tokens
        Of a sentence, the mean.
    size
        Of all their vectors on disk, in bytes.
    """

    total: int = 0
    new: int = 0
    tokens: float = 0.0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """The project's sizes; rows that are in the cache are not among the `new_` ones.

    Attributes
    ----------
    tokens
        Of a passage at `encoder.max_length`, the mean.
    longest
        Of a passage at `encoder.max_length`, that nine of ten do not exceed: batches of training are padded.
    characters
        Of a passage, the mean.
    judged
        Documents with judgements: they give no train or dev questions.
    given
        Questions that come with the documents.
    queries, dev_queries
        Evaluation dialogues, and those of the dev set.
    examples
        Of chit-chat, which the classifier of dialogues learns from.
    keeps_tokens
        Whether passages' token vectors stay on the disk, so that MaxSim encodes none.
    """

    documents: int
    passages: int
    new_passages: int
    new_templates: int
    new_analyses: int
    tokens: float
    longest: float
    characters: float
    judged: int = 0
    given: int = 0
    queries: int = 0
    dev_queries: int = 0
    examples: int = 0
    keeps_tokens: bool = False
    new_questions: int | None = None  # None: there are no questions yet
    sentences: SentenceCounts = SentenceCounts()

    def questions(self, params: Params) -> int:
        """Synthetic or given questions that are kept."""
        if params.qa.provider == "given":
            return self.given
        return round(self.passages * params.qa.questions_per_document * KEPT)

    def split(self, params: Params) -> tuple[int, int]:
        """Train and dev questions: a share of those of documents without judgements."""
        free = self.documents - (self.judged if params.qa.exclude_judged_documents else 0)
        usable = self.questions(params) * max(0, free) / max(1, self.documents)
        dev = round(usable * params.qa.dev_share)
        return round(usable) - dev, dev


@dataclass(frozen=True, slots=True)
class Load:
    """CPU seconds of one stage, or of some alike: those that run on all cores, and those that run on one."""

    family: str
    stage: str
    what: str
    parallel: float
    serial: float
    stages: int = 1

    @property
    def cpu(self) -> float:
        """CPU seconds."""
        return self.parallel + self.serial

    def wall(self, cores: int) -> float:
        """Seconds by the clock on that many free cores."""
        return self.parallel / cores + self.serial


def workload(params: Params, counts: Counts, speeds: Speeds, *, ended: bool = False) -> list[Load]:
    """Every stage's load, in the order in which they run; after those of a family, what DVC itself takes.

    With `ended` the early look rules the reranker out: no variant asks it, and it has no second stage.
    """
    loads: list[Load] = []
    for family in (_baseline(params, counts, speeds), _promoted(params, counts, speeds),
                   _rerankers(params, counts, speeds, ended)):  # fmt: skip
        of_family = list(family)
        loads += [*of_family, _dvc(of_family, speeds)]
    return loads


def can_end(params: Params) -> bool:
    """Whether the early look can end the reranker's training."""
    settings = params.train_reranker
    return settings.enabled and look_step(settings.early_look, settings.max_steps) is not None


def _dvc(loads: list[Load], speeds: Speeds) -> Load:
    stages = sum(load.stages for load in loads)
    what = f"DVC notes what went into each of {stages} stages"
    return Load(loads[0].family, "dvc", what, 0.0, stages * speeds.start, 0)


def _baseline(params: Params, counts: Counts, speeds: Speeds) -> Iterator[Load]:
    questions = counts.questions(params)
    new_questions = questions if counts.new_questions is None else counts.new_questions
    analysed = counts.new_analyses * counts.characters * speeds.kiwi_character
    made = 0.0
    if params.qa.provider == "template":
        made = counts.new_templates * counts.characters * speeds.kiwi_character * ANALYSES
    encoded = _encoding(counts.new_passages, new_questions, counts, speeds)
    hybrid = params.qa.round_trip == "hybrid"
    model = speeds.model_start
    yield Load("baseline", "prepare", f"{counts.documents:,} documents", 0.0, speeds.start)
    yield Load(
        "baseline", "generate_qa",
        f"{questions:,} questions; new: {counts.new_templates:,} passages of templates, "
        f"{counts.new_passages:,} to encode",
        (encoded if hybrid else 0.0) + analysed + made, speeds.start + (model if hybrid else 0.0),
    )  # fmt: skip
    sentences = _split(counts, speeds) + _sentences(counts.sentences.new, counts, speeds)
    yield Load(
        "baseline", "encode_base", f"{counts.passages:,} passages, {questions:,} questions" + _of(counts),
        (0.0 if hybrid else encoded) + sentences,
        speeds.start + (0.0 if hybrid and not counts.sentences.new else model),
    )  # fmt: skip
    dialogues = counts.queries + counts.dev_queries
    yield Load(
        "baseline", "understand_queries", f"{dialogues:,} dialogues, {counts.examples:,} examples",
        _encoding(0, dialogues + counts.examples, counts, speeds), speeds.start + model,
    )  # fmt: skip
    yield _fitting("baseline", "fit_fusion_base", params, counts, speeds)
    yield Load("baseline", "learn_to_rank_base", f"{counts.dev_queries:,} dev dialogues", 0.0, speeds.start)
    yield _submissions("baseline", "submit_baseline", list(params.baselines.values()), params, counts, speeds)
    yield Load("baseline", "baseline", "scores and page", 0.0, PAGE * speeds.start)


def _promoted(params: Params, counts: Counts, speeds: Speeds) -> Iterator[Load]:
    train, _ = counts.split(params)
    yield Load("promoted", "mine", f"{train:,} questions", 0.0, 2 * speeds.start)
    settings = params.train_embedder
    if settings.enabled:
        steps = settings.max_steps or round(settings.epochs * train / settings.batch_size)
        passage = min(counts.longest, settings.passage_max_length)
        tokens = settings.batch_size * (QUESTION_TOKENS + settings.group_size * passage)
        mixtures = sum(share < 1 for share in settings.base_weights)
        pool, rest = _gate_passages(counts.passages) if mixtures else (0, 0)
        candidates = 1 + (mixtures - 1) * (1 - speeds.frozen_share)  # those layers run once for all mixtures
        gate = candidates * _encoding(pool, 0, counts, speeds) + _encoding(rest, 0, counts, speeds)
        gate += mixtures * _encoding(0, GATE_QUESTIONS, counts, speeds)
        steps *= settings.rounds * settings.seeds
        asked = steps * settings.batch_size
        texts: float = min(asked, train) * QUESTION_TOKENS
        texts += min(asked * settings.group_size, counts.passages) * passage
        yield Load(
            "promoted", "train_embedder",
            f"{steps:,} steps of {settings.batch_size * (1 + settings.group_size)} texts; "
            f"gate: {mixtures} x {pool:,} passages, {rest:,} more",
            steps * tokens * (speeds.train_token - speeds.frozen_token) + texts * speeds.frozen_token + gate,
            speeds.start + speeds.model_start,
        )  # fmt: skip
        questions = counts.questions(params)
        beyond = counts.passages if counts.passages > GATE_CORPUS else 0  # else the gate has encoded them
        yield Load(
            "promoted", "encode", f"{beyond:,} passages, {questions:,} questions" + _of(counts),
            _encoding(beyond, questions, counts, speeds) + _sentences(counts.sentences.total, counts, speeds),
            speeds.start + speeds.model_start,
        )  # fmt: skip
    yield _fitting("promoted", "fit_fusion", params, counts, speeds)
    yield Load("promoted", "learn_to_rank", f"{counts.dev_queries:,} dev dialogues", 0.0, speeds.start)
    yield _submissions("promoted", "submit_promoted", list(params.promoted.values()), params, counts, speeds)


def _rerankers(params: Params, counts: Counts, speeds: Speeds, ended: bool) -> Iterator[Load]:
    settings, targeted = params.train_reranker, params.train_reranker_targeted
    train, dev = counts.split(params)
    lists = min(dev + counts.dev_queries, params.pairs.max_dev)
    start = speeds.start + speeds.model_start
    length = min(counts.tokens + QUESTION_TOKENS, settings.max_length)
    padded = min(counts.longest + QUESTION_TOKENS, settings.max_length)
    step = settings.batch_size * (1 + settings.negatives) * padded * speeds.lora_token
    by_pairs = settings.method == "cross_encoder"
    pair = length * speeds.pair_token
    steps = (look_step(settings.early_look, settings.max_steps) if ended else None) or settings.max_steps
    scored = min(lists, LOOK_QUESTIONS if ended else lists) * settings.depth if by_pairs else 0
    mined = min(train, params.pairs.max_train) + lists
    yield Load("rerankers", "mine_pairs", f"{mined:,} lists of {params.pairs.depth}", 0.0, 2 * speeds.start)
    if settings.enabled:
        yield Load(
            "rerankers", "train_reranker",
            f"{steps:,} steps of {settings.batch_size * (1 + settings.negatives)} pairs; "
            f"{scored:,} pairs to score",
            steps * step + scored * pair + _late(lists * settings.depth, counts, speeds), start,
        )  # fmt: skip
    yield Load("rerankers", "failures", "collect and augment", 0.0, 2 * start, 2)
    if settings.enabled and targeted.enabled and not ended:
        looks = -(-targeted.max_steps // targeted.evaluate_every)
        again = round(scored * (targeted.stop_share * (looks + 1) + targeted.gate_share))
        yield Load(
            "rerankers", "train_reranker_targeted",
            f"{targeted.max_steps:,} steps; {again:,} pairs to score",
            targeted.max_steps * step + again * pair, start,
        )  # fmt: skip
    searched = params
    if ended:
        searched = params.model_copy(
            update={"train_reranker": settings.model_copy(update={"enabled": False})}
        )
    yield _submissions("rerankers", "submit", list(params.submissions.values()), searched, counts, speeds)
    combined = len(params.combinations)
    yield Load(
        "rerankers", "combine", f"{combined} variants", 0.0, combined * COMBINATION * speeds.start, combined
    )
    yield Load("rerankers", "score, diagnose, report", "", 0.0, END * speeds.start, 3)


def _gate_passages(passages: int) -> tuple[int, int]:
    """Passages of the gate's pool, as if drawn at random, and those that its winner is judged on then."""
    if passages <= SMALL_CORPUS:
        return passages, 0
    drawn = GATE_QUESTIONS * POOL_DEPTH + POOL_SAMPLE
    pool = round(passages * (1 - math.exp(-drawn / passages)))
    return pool, passages - pool if passages <= CONFIRMED_CORPUS else 0


def _encoding(passages: int, questions: int, counts: Counts, speeds: Speeds) -> float:
    return (passages * counts.tokens + questions * QUESTION_TOKENS) * speeds.encode_token


def _sentences(sentences: int, counts: Counts, speeds: Speeds) -> float:
    return sentences * counts.sentences.tokens * speeds.encode_token


def _split(counts: Counts, speeds: Speeds) -> float:
    """Kiwi finds the sentences of passages whose sentences are new."""
    share = counts.sentences.new / max(1, counts.sentences.total)
    return share * counts.passages * counts.characters * speeds.kiwi_character


def _of(counts: Counts) -> str:
    sentences = counts.sentences
    size = f"{sentences.size / 1e6:,.0f} MB on disk"
    return f", {sentences.total:,} sentences ({size})" if sentences.total else ""


def _late(pairs: int, counts: Counts, speeds: Speeds) -> float:
    """Late interaction encodes each passage of the pairs once; pairs are counted as drawn at random.

    None whose token vectors were kept.
    """
    if counts.keeps_tokens:
        return 0.0
    different = counts.passages * (1 - math.exp(-pairs / max(1, counts.passages)))
    return _encoding(round(different), 0, counts, speeds)


def _fitting(family: str, stage: str, params: Params, counts: Counts, speeds: Speeds) -> Load:
    lists = min(counts.split(params)[1] + counts.dev_queries, params.pairs.max_dev)
    low = max(LOW_OVERLAP * (lists - counts.dev_queries), params.fusion.min_questions - counts.dev_queries)
    pairs = max(0, min(lists, round(counts.dev_queries + low))) * params.train_reranker.depth
    parallel = _late(pairs, counts, speeds) + _encoding(0, counts.dev_queries, counts, speeds)
    what = f"{lists:,} dev questions, {pairs:,} pairs by late interaction"
    return Load(family, stage, what, parallel, FIT * speeds.start + speeds.model_start)


def _submissions(
    family: str, stage: str, variants: list[SubmissionParams], params: Params, counts: Counts, speeds: Speeds
) -> Load:
    """A process each, the queries' vectors and pairs; pairs of the dev set were scored to fit the blends.

    Stage `submit` finds the vectors of the promoted encoder that `submit_promoted` has asked for.
    """
    reranking = [variant for variant in variants if variant.rerank not in {"none", "learned"}]
    pairs = counts.queries * max(
        (variant.rerank_depth or params.train_reranker.depth for variant in reranking), default=0
    )
    parallel = _late(pairs, counts, speeds)
    dense = [variant for variant in variants if "dense" in variant.retrievers] if stage != "submit" else []
    arms = {arm for variant in dense for arm in variant.queries}
    parallel += _encoding(0, len(arms) * (counts.queries + counts.dev_queries), counts, speeds)
    crossed = pairs if any(variant.rerank in RERANKED_BY_MODEL for variant in reranking) else 0
    if crossed and params.train_reranker.enabled and params.train_reranker.method == "cross_encoder":
        length = min(counts.tokens + QUESTION_TOKENS, params.train_reranker.max_length)
        parallel += crossed * length * speeds.pair_token
    serial = len(variants) * VARIANT * speeds.start + (speeds.model_start if reranking or dense else 0.0)
    return Load(family, stage, f"{len(variants)} variants, {pairs:,} pairs", parallel, serial, len(variants))
