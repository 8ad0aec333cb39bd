"""Gemini through google-genai; block and finish reasons are read from the structured fields alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sunwi.llm.answer import Answer
from sunwi.llm.credentials import NO_KEY, Redactor
from sunwi.llm.faults import Refused, Transient
from sunwi.llm.provider import Provider
from sunwi.llm.request import Message
from sunwi.llm.retry import read_retry_after
from sunwi.llm.status import fault_of_status
from sunwi.llm.transport import http_client
from sunwi.llm.wire import read_body, read_gemini, to_answer

if TYPE_CHECKING:
    from sunwi.params.llm import LlmParams

GEMINI_URL = "https://generativelanguage.googleapis.com/"
_TRANSPORT = {"aiohttp", "httpx", "httpx2", "httpcore", "httpcore2", "ssl"}
_SECONDS = re.compile(r"^(\d+(?:\.\d+)?)s$")


class GeminiProvider:
    """One `generate_content` call a request; `response.text` is not used, it raises on a blocked answer."""

    EXTRA: ClassVar[str | None] = "gemini"
    KEYS: ClassVar[tuple[str, ...]] = ("GEMINI_API_KEY",)

    @staticmethod
    def usual_key(base_url: str | None) -> str:  # noqa: ARG004  the interface
        """One variable for every address; the SDK's other name, GOOGLE_API_KEY, is not read here."""
        return GeminiProvider.KEYS[0]

    def __init__(self, settings: LlmParams, key: str, redact: Redactor) -> None:
        from google import genai
        from google.genai import errors, types

        self._types = types
        self._errors = errors
        self._settings = settings
        self._redact = redact
        self._http = http_client(redact, keyless=key == NO_KEY)
        # without retry options of its own the SDK repeats a call once when the connection breaks
        options = types.HttpOptions(
            base_url=settings.base_url or GEMINI_URL,
            timeout=round(settings.timeout * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=self._http,
        )
        self._client = genai.Client(api_key=key, vertexai=False, http_options=options)

    async def answer(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Answer:
        fault: Transient | Refused
        try:
            response = await self._client.aio.models.generate_content(
                model=self._settings.model,
                contents=[self._content(message) for message in messages if message.role != "system"],
                config=self._config(messages, schema),
            )
        except self._errors.APIError as error:
            fault = self._read_status(error)
        except (Transient, Refused) as known:
            fault = known
        except Exception as error:
            if not _is_transport(error):
                raise
            fault = Transient(self._redact.reason(f"connection failed ({type(error).__name__}: {error})"))
        else:
            return self._read(response.sdk_http_response.body or "")
        raise fault.with_traceback(None)  # here, where the SDK's error is no longer its context

    async def close(self) -> None:
        await self._client.aio.aclose()
        await self._http.aclose()

    def _content(self, message: Message) -> Any:
        role = "model" if message.role == "assistant" else "user"
        return self._types.Content(role=role, parts=[self._types.Part(text=message.content)])

    def _config(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Any:
        system = "\n\n".join(message.content for message in messages if message.role == "system")
        arguments: dict[str, Any] = {
            "max_output_tokens": self._settings.max_tokens,
            "should_return_http_response": True,  # the SDK's own reading takes any JSON for an answer
        }
        if self._settings.temperature is not None:
            arguments["temperature"] = self._settings.temperature
        if system:
            arguments["system_instruction"] = system
        if schema is not None:
            arguments |= {"response_mime_type": "application/json", "response_json_schema": dict(schema)}
        return self._types.GenerateContentConfig(**arguments)

    def _read(self, text: str) -> Answer:
        return to_answer(lambda: read_gemini(read_body(text)), "gemini", self._settings.model, self._redact)

    def _read_status(self, error: Any) -> Transient | Refused:
        reason = self._redact.reason(str(error.message or error.status or "no reason given"))
        headers = getattr(error.response, "headers", None) or {}
        retry_after = read_retry_after(headers)
        if retry_after is None:
            retry_after = _retry_delay(error.details)
        return fault_of_status(int(error.code), reason, retry_after, self._settings)


def _retry_delay(details: Any) -> float | None:
    """Seconds of google.rpc.RetryInfo in an error's body: Gemini sends it in place of Retry-After."""
    error = details.get("error", details) if isinstance(details, dict) else {}
    entries = error.get("details") if isinstance(error, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        seconds = _SECONDS.match(str(entry.get("retryDelay", ""))) if isinstance(entry, dict) else None
        if seconds:
            return float(seconds[1])
    return None


def _is_transport(error: Exception) -> bool:
    """Whether a call broke below HTTP; the SDK lets through what its HTTP library of the day raises."""
    roots = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, OSError | TimeoutError) or bool(roots & _TRANSPORT)


PROVIDER: type[Provider] = GeminiProvider
