"""A Ray cluster to work on: the one at an address, or one of this machine that ends with the process."""

from __future__ import annotations

import logging
import os

from sunwi.errors import ComputeError
from sunwi.params.compute import ComputeParams
from sunwi.runtime import available_cpus


def connect(params: ComputeParams) -> None:
    """Connect this process to its cluster, unless it is connected; set Ray Data to be quiet and in order.

    Raises
    ------
    ComputeError
        If Ray is not installed, nothing answers at the address, or the cluster is too small for one worker.
    """
    require_ray()
    import ray
    import ray.data

    if not ray.is_initialized():
        _start(params)
    available, wanted = ray.cluster_resources(), worker_cpus(params)
    for name, needed in (("CPU", wanted), ("GPU", params.gpus_per_worker)):
        if available.get(name, 0) < needed:  # Ray would wait for such a node without end
            what = f"a worker needs {needed:g} {name}, the whole cluster has {available.get(name, 0):g}"
            raise ComputeError("ray", what, f"lower compute.{name.lower()}s_per_worker, or add nodes")
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False  # the caller shows its own
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def require_ray() -> None:
    """Raise ComputeError, naming the extra, where Ray Data is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no call home
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray's coming default, else it warns
    try:
        import ray.data  # noqa: F401  asked whether it is there
    except ImportError as error:
        what = f"compute.engine is ray, and Ray Data cannot be loaded ({error})"
        raise ComputeError("ray", what, "pip install 'sunwi[ray]', or set compute.engine: local") from error


def worker_cpus(params: ComputeParams) -> int:
    """Cores of one worker: as set, else an even share of this machine's."""
    return params.cpus_per_worker or max(1, available_cpus() // params.workers)


def _start(params: ComputeParams) -> None:
    import ray

    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    if params.address is None:
        ray.init(num_cpus=max(available_cpus(), params.workers * worker_cpus(params)), **quiet)
        return
    try:
        ray.init(address=params.address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        what = f"no cluster answers at compute.address {params.address!r} ({error})"
        next_step = "start one (ray start --head), or set compute.address to null for a local one"
        raise ComputeError("ray", what, next_step) from error
