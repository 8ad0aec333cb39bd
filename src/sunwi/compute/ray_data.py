"""Batches as a Ray Data pipeline: a pool of actors, each holding the work and what it has loaded."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from sunwi.compute.cluster import connect, worker_cpus
from sunwi.errors import ComputeError, SunwiError
from sunwi.params import ComputeParams
from sunwi.runtime import available_cpus

In = TypeVar("In")
Out = TypeVar("Out")


class RayEngine:
    """`map_batches` over an actor pool; Ray Data does the scheduling, the back-pressure and the retries."""

    def __init__(self, params: ComputeParams) -> None:
        self.params = params

    def map(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        """Results in the order of the batches; without a batch no cluster is needed.

        Raises
        ------
        SunwiError
            That `work` raised for the first batch, in order, that it cannot serve.
        ComputeError
            If Ray is missing, the cluster cannot be reached or is too small, or a batch's worker was lost
            more often than `compute.max_restarts`.
        """
        rows = [{"batch": batch} for batch in _packed(batches)]
        if not rows:
            return
        connect(self.params)
        import ray
        from ray import cloudpickle
        from ray.exceptions import RayActorError

        held = ray.put(work)  # once for all actors; those of one node share its arrays
        # A few large batches (blocks of queries) still give every worker its part.
        tasks = max(-(-len(rows) // self.params.batches_per_task), min(len(rows), self.params.workers))
        dataset = ray.data.from_items(rows, override_num_blocks=tasks)
        with warnings.catch_warnings():
            # Ray has no other name yet for the two limits, and without them a batch that always kills
            # its worker would be tried for ever.
            warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
            computed = dataset.map_batches(
                _Holder,
                batch_size=None,  # a block is a task
                batch_format="pyarrow",
                fn_constructor_args=(held,),
                compute=ray.data.ActorPoolStrategy(size=min(self.params.workers, tasks)),
                num_cpus=worker_cpus(self.params),
                num_gpus=self.params.gpus_per_worker or None,
                max_restarts=self.params.max_restarts,
                max_task_retries=self.params.max_restarts,
            )
        try:
            for row in computed.iter_rows():
                result = cloudpickle.loads(row["result"])
                if isinstance(result, SunwiError):
                    raise result
                yield result
        except RayActorError as error:
            what = (
                f"a worker was lost more often than compute.max_restarts {self.params.max_restarts}: {error}"
            )
            next_step = "give workers more memory, or lower compute.workers or encoder.batch_size"
            raise ComputeError("ray", what, next_step) from error


class _Holder:
    """One actor: it keeps the work, and with it the model that the work loads at its first batch."""

    def __init__(self, held: Any) -> None:
        import ray
        from threadpoolctl import threadpool_limits

        # Ray sets it to the actor's share; the numbers are to be the driver's, and so are the threads.
        os.environ.pop("OMP_NUM_THREADS", None)
        threadpool_limits(available_cpus())
        self.work = ray.get(held)

    def __call__(self, table: Any) -> Any:
        """Results of one task's batches; an error that a user can act on is a result too."""
        import pyarrow as pa

        results = [_computed(self.work, batch.as_py()) for batch in table["batch"]]
        return pa.table({"result": pa.array(results, type=pa.large_binary())})


def _packed(batches: Iterable[Any]) -> Iterator[bytes]:
    """Batches in the form in which Ray itself sends Python objects; nothing of it is kept."""
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        return
    from ray import cloudpickle

    yield cloudpickle.dumps(first)
    for batch in batches:
        yield cloudpickle.dumps(batch)


def _computed(work: Callable[[Any], Any], batch: bytes) -> bytes:
    from ray import cloudpickle

    try:
        result = work(cloudpickle.loads(batch))
    except SunwiError as error:
        result = error
    return bytes(cloudpickle.dumps(result))
