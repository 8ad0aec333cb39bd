"""What a provider raises: a fault that may pass, or a refusal that stops the run."""

from __future__ import annotations


class Transient(Exception):  # noqa: N818  a kind of fault
    """The call may succeed later: 429, 5xx, a broken connection, a timeout.

    Attributes
    ----------
    reason
        In words, without secrets.
    retry_after
        Seconds that the server asks to wait, if it does.
    rate_limited
        The server answered 429: all calls must slow down.
    next_step
        What to do if no call ever succeeds, as with a wrong address; "" if only waiting helps.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_after: float | None = None,
        rate_limited: bool = False,
        next_step: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.rate_limited = rate_limited
        self.next_step = next_step


class Refused(Exception):  # noqa: N818  a kind of fault
    """No call with these settings will succeed: a wrong key, model or argument."""

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step
