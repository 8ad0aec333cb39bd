"""`sunwi estimate`: what question generation will ask and cost, before it asks anything."""

from __future__ import annotations

from sunwi.cli.terminal import echo
from sunwi.paths import PREPARED


def estimate() -> None:
    """Show the calls, tokens and cost that `dvc repro generate_qa` would take now, fresh against cached."""
    from sunwi.errors import DataError
    from sunwi.params.loading import load_params
    from sunwi.qa.llm.candidates import requests
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.corpus import prepared
    from sunwi.workspace.llm import llm_client

    params = load_params()
    if not PREPARED.exists():
        raise DataError(f"there is no {PREPARED}", "run dvc repro prepare")
    workspace = Workspace()
    if params.qa.provider != "llm":
        echo(f"qa.provider is {params.qa.provider}: no call is made. With qa.provider: llm:")
    calls = requests(prepared(workspace).corpus, params.qa, params.seed)
    echo(f"questions by {params.llm.model}: {llm_client(workspace).estimate(calls)}")
    if not (params.llm.price_in or params.llm.price_out):
        echo("llm.price_in and llm.price_out are 0: set them for a cost")
