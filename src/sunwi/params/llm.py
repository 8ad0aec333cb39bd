"""Section llm: a language model behind an API."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, field_validator, model_validator

from sunwi.params.names import NameIn
from sunwi.params.section import Name, Section

# none: whatever asks is refused; replay: recorded answers alone
ProviderName = Annotated[str, NameIn("sunwi.llm.providers", "none", "replay")]


class LlmParams(Section):
    """A language model behind an API: who answers, within which limits, at what price.

    Keys are no parameters: they come from the environment variable that `api_key_env` names.
    """

    provider: ProviderName = "none"
    """Who answers: none, openai (any compatible API), gemini, or replay (recorded answers alone)."""
    model: Name = "solar-pro2"
    """Name of the model at the provider."""
    base_url: str | None = None
    """Address of the API; null: the provider's own. Solar: https://api.upstage.ai/v1"""
    api_key_env: str | None = None
    """NAME of the environment variable with the key; null: the provider's usual one; "": no key."""
    allow_http: bool = False
    """Allow a key to be sent to another machine over plain http, in a network of your own."""
    temperature: NonNegativeFloat | None = 0.7
    """Sampling temperature; null: not sent, for models that refuse it."""
    max_tokens: PositiveInt = 1024
    """Tokens of one answer at most."""
    timeout: PositiveFloat = 60.0
    """Seconds to wait for one call."""
    concurrency: PositiveInt = 8
    """Calls at the same time."""
    requests_per_minute: PositiveFloat | None = None
    """Calls a minute at most; null: no limit."""
    max_tries: PositiveInt = 5
    """Calls a row at most when the network or the server fails."""
    breaker_failures: PositiveInt = 5
    """The run stops after so many rows in a row failed all their tries."""
    budget: PositiveFloat | None = None
    """Cost of one run at most, in the currency of the prices; null: no limit."""
    budget_tokens: PositiveInt | None = None
    """Tokens of one run at most, in and out together; null: no limit."""
    price_in: NonNegativeFloat = 0.0
    """Price of a million input tokens."""
    price_out: NonNegativeFloat = 0.0
    """Price of a million output tokens."""
    json_schema: bool = False
    """Send JSON schemas, where the API takes them (OpenAI, Gemini, vLLM)."""

    @field_validator("api_key_env")
    @classmethod
    def _names_a_variable(cls, name: str | None) -> str | None:
        if name and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
            # the value is not shown: it may be the key itself
            raise ValueError(
                "expected the name of an environment variable such as UPSTAGE_API_KEY, never a key"
            )
        return name

    @field_validator("base_url")
    @classmethod
    def _is_a_plain_address(cls, url: str | None) -> str | None:
        if url and not re.fullmatch(r"https?://[^@?#\s]+", url):
            raise ValueError("expected http(s)://HOST[/PATH] without a user, a password or a query")
        try:
            _ = urlsplit(url or "").port
        except ValueError as error:  # an open bracket, or a port that is no number
            raise ValueError(f"expected http(s)://HOST[:PORT][/PATH]: {error}") from None
        return url or None

    @model_validator(mode="after")
    def _budget_has_prices(self) -> LlmParams:
        if self.budget is not None and not (self.price_in or self.price_out):
            raise ValueError(
                "llm.budget needs llm.price_in and llm.price_out: without them a call has no cost"
            )
        return self
