"""Batches as a Ray Data pipeline: a pool of actors, each holding the work and what it has loaded."""

from __future__ import annotations

import atexit
import os
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from typing import Any, TypeVar

from sunwi.compute.cluster import connect, worker_cpus
from sunwi.compute.feed import Feed, source
from sunwi.errors import ComputeError, SunwiError
from sunwi.params.compute import ComputeParams
from sunwi.runtime import available_cpus

In = TypeVar("In")
Out = TypeVar("Out")
MORE_MEMORY = "give the cluster more memory, or lower compute.workers or encoder.batch_size"
WINDOW = 4  # tasks a worker has: two are sent to it, the others stand ready or wait to be asked for in order


class RayExecutor:
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
        batches = iter(batches)
        first = list(islice(batches, self.params.workers * self.params.batches_per_task))
        if not first:
            return
        connect(self.params)
        from ray import cloudpickle
        from ray.exceptions import RayActorError

        # A few large batches (blocks of queries) still give every worker its part.
        each = min(self.params.batches_per_task, -(-len(first) // self.params.workers))
        workers = min(self.params.workers, -(-len(first) // each))
        feed = Feed(_tasks(chain(first, batches), each), workers * WINDOW)
        blocks = self._blocks(feed, work, workers)
        release = ExitStack()
        release.callback(feed.close)
        release.callback(blocks.close)
        atexit.register(release.close)  # before Ray's own end, where an error left the results half read
        try:
            while feed.fill():
                block = next(blocks, None)
                if block is None:
                    raise ComputeError("ray", "the process that hands out the batches was lost", MORE_MEMORY)
                results = cloudpickle.loads(block["results"][0].as_py())
                feed.done()
                for result in results:
                    if isinstance(result, SunwiError):
                        raise result
                    yield result
        except RayActorError as error:
            what = (
                f"a worker was lost more often than compute.max_restarts {self.params.max_restarts}: {error}"
            )
            raise ComputeError("ray", what, MORE_MEMORY) from error
        finally:
            atexit.unregister(release.close)
            release.close()

    def _blocks(self, feed: Feed, work: Callable[[In], Out], workers: int) -> Generator[Any, None, None]:
        """The results of one task after the other, a table of one row each; closed, it has no thread left.

        `iter_batches` would read ahead in threads that outlive it, and a thread that asks Ray for something
        after `ray.shutdown`, at the end of the process for one, ends the process there and then.
        """
        import ray

        held = ray.put(work)  # once for all actors; those of one node share its arrays
        dataset = ray.data.read_datasource(source(feed.shelf), override_num_blocks=1, num_cpus=0)
        dataset.context.target_max_block_size = 1  # a task is a block: none waits for others to fill one
        with warnings.catch_warnings():
            # Ray has no other name yet for the two limits, and without them a batch that always kills
            # its worker would be tried for ever.
            warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
            computed = dataset.map_batches(
                _Holder,
                batch_size=None,  # a block is a task
                batch_format="pyarrow",
                fn_constructor_args=(held,),
                compute=ray.data.ActorPoolStrategy(size=workers),
                num_cpus=worker_cpus(self.params),
                num_gpus=self.params.gpus_per_worker or None,
                max_restarts=self.params.max_restarts,
                max_task_retries=self.params.max_restarts,
            )
        for bundle in computed.iter_internal_ref_bundles():
            for block in bundle.block_refs:
                yield ray.get(block)


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
        from ray import cloudpickle

        results = [_computed(self.work, batch) for batch in cloudpickle.loads(table["task"][0].as_py())]
        return pa.table({"results": pa.array([cloudpickle.dumps(results)], type=pa.large_binary())})


def _tasks(batches: Iterable[Any], each: int) -> Iterator[bytes]:
    """Tasks of `each` batches in the form in which Ray itself sends Python objects; nothing of it is kept."""
    from ray import cloudpickle

    batches = iter(batches)
    while task := list(islice(batches, each)):
        yield cloudpickle.dumps(task)


def _computed(work: Callable[[In], Out], batch: In) -> Out | SunwiError:
    try:
        return work(batch)
    except SunwiError as error:
        return error
