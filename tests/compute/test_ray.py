"""Two workers of a real Ray cluster: the bytes of the local engine, a killed worker, errors, an address."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.models.conftest import WORDS, write_tiny_bert

from sunwi.cache import RowCache
from sunwi.compute.executor import LOCAL, Executor
from sunwi.compute.ray_data import WINDOW, RayExecutor
from sunwi.errors import ComputeError, ModelError
from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.mining.negatives import Mined, mine_negatives
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder, Vectors
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve
from sunwi.models.spec import ModelInfo
from sunwi.params.bm25 import Bm25Params
from sunwi.params.compute import ComputeParams
from sunwi.params.mining import MiningParams
from sunwi.qa.template.candidates import template_candidates
from sunwi.records.corpus import Document
from sunwi.search import pipeline as pipeline_module
from sunwi.search.fusion.method import Fusion
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, make_queries
from sunwi.search.pipeline import build_pipeline

pytest.importorskip("ray", reason="the extra ray is not installed")

heavy = (
    pytest.mark.heavy
)  # a worker's start costs seconds; CI compares the bytes, `make test-heavy` breaks things
PARAMS = ComputeParams(engine="ray", workers=2, cpus_per_worker=1, batches_per_task=1, max_restarts=1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a cluster that is there before any engine asks for one."""
    import ray

    settings = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    context = ray.init(num_cpus=2, object_store_memory=100_000_000, **settings)
    yield context.address_info["address"]
    ray.shutdown()


@pytest.fixture(autouse=True)
def _no_thread_is_left(cluster: str) -> Iterator[None]:
    """A thread that asked Ray for something after the cluster's end would end this process with it."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    # The bar's and those that share a batch's rows (`row_threads`) never ask Ray for anything.
    left = [
        thread for thread in left if thread.name != "tqdm_monitor" and not thread.name.startswith("rows_")
    ]
    for thread in left:
        thread.join(5)  # one that is about to end on a busy machine
    assert [thread.name for thread in left if thread.is_alive()] == []


@pytest.fixture
def engine(cluster: str) -> RayExecutor:
    """Two workers."""
    return RayExecutor(PARAMS)


@pytest.fixture
def lone_worker(cluster: str) -> RayExecutor:
    """One, where a second would prove nothing more: each costs seconds of imports."""
    return RayExecutor(PARAMS.model_copy(update={"workers": 1}))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelInfo, Path]:
    """A tiny encoder and a tiny cross-encoder."""
    folder = tmp_path_factory.mktemp("models")
    encoder = write_tiny_bert(folder / "bert", labels=0)
    return resolve(str(encoder)), write_tiny_bert(folder / "reranker", labels=1)


def texts(count: int, length: int = 9) -> list[str]:
    draw = np.random.default_rng(3)
    return [" ".join(draw.choice(WORDS, 1 + number % length)) for number in range(count)]


def encoded(info: ModelInfo, engine: Executor, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Vectors:
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(folder))
    encoder = Encoder(info, batch_size=4, engine=engine)
    vectors = encoder.encode(texts(60), "passage", 16)
    assert encoder.count.encoded + encoder.count.cached == 60
    return vectors


def test_vectors_and_their_cache_are_those_of_the_local_engine(
    engine: RayExecutor, models: tuple[ModelInfo, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Encoder, "CHUNK", 25)
    here = encoded(models[0], LOCAL, monkeypatch, tmp_path / "local")
    there = encoded(models[0], engine, monkeypatch, tmp_path / "ray")
    assert here.tobytes() == there.tobytes()
    caches = []
    for name in ("local", "ray"):
        with RowCache("vectors", tmp_path / name) as cache:
            caches.append(list(cache.items()))
    assert caches[0] == caches[1]
    # What is cached needs no worker.
    monkeypatch.setattr("sunwi.compute.ray_data.connect", lambda _: pytest.fail("asked for workers"))
    assert encoded(models[0], engine, monkeypatch, tmp_path / "ray").tobytes() == here.tobytes()


@heavy
def test_pair_scores_are_those_of_the_local_engine(
    engine: RayExecutor,
    lone_worker: RayExecutor,
    models: tuple[ModelInfo, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    info, reranker = models
    pairs = list(zip(texts(40, 4), texts(40, 8)[::-1], strict=True))
    scores = {}
    places: dict[str, tuple[Executor, Executor]] = {"local": (LOCAL, LOCAL), "ray": (engine, lone_worker)}
    for name, (of_cross, of_late) in places.items():
        monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / name))
        cross = CrossEncoder(reranker, 16, batch_size=3, engine=of_cross).score(pairs)
        late = LateInteraction(Encoder(info, engine=of_late), 8, 16).score(pairs)
        scores[name] = (cross.tobytes(), late.tobytes())
    assert scores["local"] == scores["ray"]


def mined(engine: Executor, encoder: Encoder, documents: Sequence[Document]) -> tuple[Mined, list[bytes]]:
    passages = Passages.of(documents)
    vectors = encoder.encode(passages.texts, "passage", 16)
    settings = Bm25Params(tokenizer="whitespace")
    search = build_pipeline(passages, vectors, settings, engine=engine)
    qids = [f"q{number:02d}" for number in range(24)]
    queries = make_queries(qids, texts(24, 3), encoder, 16, "whitespace")
    labels = [
        LabelledQuestion(qid, text, (row % len(passages),), "train", "plain", 0.5)
        for row, (qid, text) in enumerate(zip(qids, queries.texts, strict=True))
    ]
    rules = FalseNegativeRules(passages, {}, {}, 0.95)
    params = MiningParams(negatives=3, fill="random")
    ranked = search.rank(queries, ["bm25", "dense"], Fusion("weighted", {}), 5)
    best = [one.positions.tobytes() + one.scores.tobytes() for one in ranked]
    return mine_negatives(search, queries, labels, rules, params), best


@heavy
def test_pools_and_mined_rows_are_those_of_the_local_engine(
    engine: RayExecutor, models: tuple[ModelInfo, Path], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_module, "BLOCK_CELLS", 200)  # five queries a block
    documents = [Document(docid=f"d{at:02d}", content=text) for at, text in enumerate(texts(40))]
    encoder = Encoder(models[0])
    here, there = mined(LOCAL, encoder, documents), mined(engine, encoder, documents)
    assert [row.model_dump() for row in here[0].rows] == [row.model_dump() for row in there[0].rows]
    assert here[0].metrics == there[0].metrics
    assert here[0].metrics["rows"] > 0
    assert here[1] == there[1]


@heavy
def test_questions_are_those_of_the_local_engine(
    lone_worker: RayExecutor, tiny_corpus: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sunwi.qa.template.candidates.BLOCK", 3)
    here = template_candidates(tiny_corpus, ["safe", "medium", "keyword"], 7)
    assert here
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path))  # else nothing is left to do
    assert template_candidates(tiny_corpus, ["safe", "medium", "keyword"], 7, lone_worker) == here


@dataclass(frozen=True)
class Deadly:
    """Squares; the process that gets `batch` kills itself, `times` over."""

    batch: int
    folder: Path
    times: int = 1

    def __call__(self, batch: int) -> int:
        if batch == self.batch and len(list(self.folder.iterdir())) < self.times:
            (self.folder / str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return batch * batch


@heavy
def test_a_killed_worker_changes_nothing(engine: RayExecutor, tmp_path: Path) -> None:
    assert list(engine.map(Deadly(5, tmp_path), range(12))) == [number**2 for number in range(12)]
    assert len(list(tmp_path.iterdir())) == 1


@heavy
def test_a_batch_that_always_kills_its_worker_ends_the_run(lone_worker: RayExecutor, tmp_path: Path) -> None:
    with pytest.raises(ComputeError, match=r"more often than compute\.max_restarts 1"):
        list(lone_worker.map(Deadly(1, tmp_path, times=100), range(3)))


@heavy
def test_batches_are_made_as_workers_get_free(engine: RayExecutor) -> None:
    made = 0

    def batches() -> Iterator[int]:
        nonlocal made
        for made in range(1, 101):
            yield -made

    ahead = []
    for done, result in enumerate(engine.map(abs, batches()), start=1):
        assert result == done
        ahead.append(made - done)
    assert done == 100
    assert max(ahead) < PARAMS.workers * WINDOW  # and not all hundred


def kill_workers(title: str) -> int:
    """Kill this test's Ray processes of that title; return how many."""
    killed = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            named = (process / "cmdline").read_text().startswith(title)
            if named and parent(parent(int(process.name))) == os.getpid():  # this process > raylet > worker
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
        except OSError:
            continue  # it has ended meanwhile
    return killed


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


@heavy
def test_a_reader_that_is_lost_begins_anew(lone_worker: RayExecutor) -> None:
    results = lone_worker.map(abs, iter(range(40)))
    assert [next(results) for _ in range(10)] == list(range(10))
    assert kill_workers("ray::ReadFeedSource") == 1
    assert list(results) == list(range(10, 40))


@heavy
def test_batches_that_can_no_longer_be_handed_out_end_the_run(lone_worker: RayExecutor) -> None:
    results = lone_worker.map(abs, iter(range(40)))
    next(results)
    assert kill_workers("ray::_Shelf") == 1
    with pytest.raises(ComputeError, match="hands out the batches was lost"):
        list(results)


@heavy
def test_results_that_nobody_wants_any_more_leave_nothing_behind(
    lone_worker: RayExecutor, capfd: pytest.CaptureFixture[str]
) -> None:
    results = lone_worker.map(abs, iter(range(1000)))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  a generator
    assert list(lone_worker.map(abs, [-3])) == [3]
    assert "Error" not in capfd.readouterr().err


def refuse(batch: int) -> int:
    if batch in {4, 9}:
        raise ModelError("builtin/x", f"row {batch} cannot be read", "look at it")
    return batch


def test_an_error_is_what_it_was_of_the_first_bad_batch(lone_worker: RayExecutor) -> None:
    results = lone_worker.map(refuse, range(12))
    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(ModelError) as caught:
        next(results)
    assert str(caught.value) == str(ModelError("builtin/x", "row 4 cannot be read", "look at it"))


def test_the_encoders_own_refusal_comes_before_any_worker(
    engine: RayExecutor, models: tuple[ModelInfo, Path], own_cache: Path
) -> None:
    with pytest.raises(ModelError, match="reads 16 tokens at most"):
        Encoder(models[0], engine=engine).encode(texts(3), "passage", 32)


def test_a_worker_that_no_node_can_hold_is_refused(cluster: str) -> None:
    greedy = PARAMS.model_copy(update={"cpus_per_worker": 64})
    with pytest.raises(ComputeError, match=r"needs 64 CPU, the whole cluster has 2.*cpus_per_worker"):
        list(RayExecutor(greedy).map(str, [1]))


REACH = """
import sys
from sunwi.compute.ray_data import WINDOW, RayExecutor
from sunwi.params.compute import ComputeParams
engine = RayExecutor(ComputeParams(engine="ray", address=sys.argv[1], workers=1, cpus_per_worker=1))
print(list(engine.map(abs, [-1, -2, 3])))
import ray
print(sorted(node["NodeID"] for node in ray.nodes()))
"""


@heavy
def test_an_existing_cluster_is_reached_by_its_address_and_quietly(cluster: str, tmp_path: Path) -> None:
    import ray

    told = {"capture_output": True, "text": True, "timeout": 120, "cwd": tmp_path}
    done = subprocess.run([sys.executable, "-c", REACH, cluster], check=False, **told)
    assert done.returncode == 0, done.stderr[-2000:]
    nodes = sorted(node["NodeID"] for node in ray.nodes())
    assert done.stdout.splitlines() == ["[1, 2, 3]", str(nodes)]
    assert len(done.stderr.splitlines()) <= 2, done.stderr
    assert list(tmp_path.iterdir()) == []


LEAVE = """
import sys
from sunwi.compute.ray_data import RayExecutor
from sunwi.params.compute import ComputeParams
engine = RayExecutor(ComputeParams(engine="ray", address=sys.argv[1], workers=1, cpus_per_worker=1))
results = engine.map(abs, iter(range(1000)))
print(next(results))
raise SystemExit(3)
"""


@heavy
def test_a_process_that_ends_in_the_middle_ends_with_its_own_code(cluster: str) -> None:
    told = {"capture_output": True, "text": True, "timeout": 120}
    done = subprocess.run([sys.executable, "-c", LEAVE, cluster], check=False, **told)
    assert (done.returncode, done.stdout) == (3, "0\n"), done.stderr[-2000:]
    assert "Error" not in done.stderr
