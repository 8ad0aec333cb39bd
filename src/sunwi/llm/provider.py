"""What a provider is, and the one of some settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sunwi.errors import LlmError
from sunwi.registry import Registry

if TYPE_CHECKING:  # `sunwi doctor` reads the providers' keys where pydantic is not installed yet
    from sunwi.llm.answer import Answer
    from sunwi.llm.credentials import Redactor
    from sunwi.llm.request import Message
    from sunwi.params.llm import LlmParams


class Provider(Protocol):
    """Makes single calls with the official SDK, whose own retries are off.

    It lives in one event loop. None of its errors contains the SDK's error, which has the request
    with its headers, and so the key. Its module imports neither the SDK nor pydantic when it is imported.

    Attributes
    ----------
    EXTRA
        The extra of this package that installs the SDK; None: the provider needs none.
    KEYS
        Environment variables that `usual_key` can name, for `sunwi doctor`.
    """

    EXTRA: ClassVar[str | None]
    KEYS: ClassVar[tuple[str, ...]]

    @staticmethod
    def usual_key(base_url: str | None) -> str:
        """The variable that is read where llm.api_key_env names none."""
        ...

    def __init__(self, settings: LlmParams, key: str, redact: Redactor) -> None: ...

    async def answer(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Answer:
        """One call's answer.

        Raises
        ------
        Transient
            If the call may succeed later.
        Refused
            If no call with these settings will succeed.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


PROVIDERS: Registry[type[Provider]] = Registry("sunwi.llm.providers", "PROVIDER", type)


def connect(settings: LlmParams, key: str, redact: Redactor) -> Provider:
    """The provider of these settings; to be made in the event loop that it will live in.

    Raises
    ------
    LlmError
        If the provider's SDK is not installed, naming the command that does it.
    """
    provider = PROVIDERS.load(settings.provider)
    try:
        return provider(settings, key, redact)
    except ImportError as error:
        what = f"llm.provider {settings.provider} needs a package that is not installed ({error})"
        install = f"sunwi[{provider.EXTRA}]" if provider.EXTRA else str(error.name)
        raise LlmError(what, f"pip install '{install}'") from None
