"""What an HTTP status means for the run: one rule for all providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sunwi.llm.credentials import key_variable
from sunwi.llm.faults import Refused, Transient

if TYPE_CHECKING:
    from sunwi.params.llm import LlmParams


def fault_of_status(
    status: int, reason: str, retry_after: float | None, settings: LlmParams, *, exhausted: bool = False
) -> Transient | Refused:
    """429, 408 and 5xx may pass; every other status stops the run.

    Parameters
    ----------
    reason
        The server's words, redacted.
    retry_after
        Seconds that the server asks to wait.
    exhausted
        A 429 that says that the account is out of credit: waiting does not help.
    """
    answered = f"the server answered {status}: {reason}"
    if status == 429 and not exhausted:
        return Transient(answered, retry_after=retry_after, rate_limited=True)
    if status == 408 or status >= 500:
        return Transient(answered, retry_after=retry_after)
    if 300 <= status < 400:  # the key follows to no other host
        return Refused(
            answered, "set llm.base_url to the address that the server redirects to, if you trust it"
        )
    if status in {401, 403} or (status == 400 and "api key" in reason.lower()):
        name = key_variable(settings)
        what = f"check the key in the environment variable {name}" if name else "set llm.api_key_env"
        return Refused(answered, f"{what}, and that it may use llm.model {settings.model!r}")
    if status == 404:
        return Refused(answered, f"check llm.model {settings.model!r} and llm.base_url")
    if status == 429:
        return Refused(answered, "add credit to the account and run again")
    return Refused(
        answered, "correct what the server names in section llm of params.yaml (temperature, max_tokens, ...)"
    )
