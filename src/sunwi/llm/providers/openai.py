"""Any OpenAI-compatible chat API through OpenAI's SDK: Solar, OpenAI, Claude, vLLM, Ollama."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from sunwi.llm.answer import Answer
from sunwi.llm.credentials import NO_KEY, Redactor
from sunwi.llm.faults import Refused, Transient
from sunwi.llm.provider import Provider
from sunwi.llm.request import Message
from sunwi.llm.retry import read_retry_after
from sunwi.llm.status import fault_of_status
from sunwi.llm.transport import http_client
from sunwi.llm.wire import read_body, read_chat, to_answer

if TYPE_CHECKING:
    from sunwi.params.llm import LlmParams

OPENAI_URL = "https://api.openai.com/v1"  # given in full: else the SDK would take it from the environment
_BLOCKED_CODES = {"content_filter", "content_policy_violation"}


class OpenAiProvider:
    """Plain chat completions: no `store`, no developer role, no strict tools, which Solar refuses."""

    EXTRA: ClassVar[str | None] = "openai"
    KEYS: ClassVar[tuple[str, ...]] = ("UPSTAGE_API_KEY", "OPENAI_API_KEY")

    @staticmethod
    def usual_key(base_url: str | None) -> str:
        """Upstage's for its address, OpenAI's for every other."""
        host = urlsplit(base_url or "").hostname or ""
        upstage = host == "upstage.ai" or host.endswith(".upstage.ai")
        return OpenAiProvider.KEYS[0 if upstage else 1]

    def __init__(self, settings: LlmParams, key: str, redact: Redactor) -> None:
        import openai

        self._sdk = openai
        self._settings = settings
        self._redact = redact
        self._client = openai.AsyncOpenAI(
            api_key=key,
            base_url=settings.base_url or OPENAI_URL,
            timeout=settings.timeout,
            max_retries=0,
            http_client=http_client(redact, keyless=key == NO_KEY),
        )

    async def answer(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Answer:
        sdk = self._sdk
        fault: Transient | Refused | Answer
        try:
            # raw: the SDK's own reading takes any JSON for a completion
            create = self._client.chat.completions.with_raw_response.create
            reply = await create(**self._arguments(messages, schema))
        except (Transient, Refused) as known:
            fault = known
        except sdk.APIStatusError as error:
            fault = self._read_status(error)
        except sdk.APIConnectionError as error:
            cause = error.__cause__ or error
            fault = Transient(self._redact.reason(f"connection failed ({type(cause).__name__}: {cause})"))
        else:
            return self._read(reply.http_response.text)
        if isinstance(fault, Answer):
            return fault
        raise fault.with_traceback(None)  # here, where the SDK's error is no longer its context

    async def close(self) -> None:
        await self._client.close()

    def _arguments(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> dict[str, Any]:
        settings = self._settings
        # OpenAI's newer models refuse max_tokens, other servers do not know its successor
        limit = "max_tokens" if settings.base_url else "max_completion_tokens"
        arguments: dict[str, Any] = {
            "model": settings.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            limit: settings.max_tokens,
        }
        if settings.temperature is not None:
            arguments["temperature"] = settings.temperature
        if schema is not None:
            named = {"name": "answer", "schema": dict(schema)}
            arguments["response_format"] = {"type": "json_schema", "json_schema": named}
        return arguments

    def _read(self, text: str) -> Answer:
        return to_answer(lambda: read_chat(read_body(text)), "openai", self._settings.model, self._redact)

    def _read_status(self, error: Any) -> Transient | Refused | Answer:
        message = error.body.get("message") if isinstance(error.body, dict) else None
        reason = self._redact.reason(str(message or error.message))
        code = error.code if isinstance(error.code, str) else ""
        if error.status_code == 400 and code in _BLOCKED_CODES:  # how Azure blocks a prompt
            served_by = f"openai/{self._settings.model}"
            return Answer("", "blocked", f"prompt: {code}", 0, 0, served_by)
        return fault_of_status(
            error.status_code,
            reason,
            read_retry_after(error.response.headers),
            self._settings,
            exhausted=code == "insufficient_quota",
        )


PROVIDER: type[Provider] = OpenAiProvider
