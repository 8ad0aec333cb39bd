"""Section llm: a language model behind an API."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import PositiveInt, field_validator, model_validator

from sunwi.params.names import NameIn
from sunwi.params.section import NonNegativeFloat, PositiveFloat, Section

# none: whatever asks is refused; replay: recorded answers alone
ProviderName = Annotated[str, NameIn("sunwi.llm.providers", "none", "replay")]


class LlmParams(Section):
    """A language model behind an API: who answers, within which limits, at what price.

    Keys are no parameters: they come from the environment variable that `api_key_env` names.
    """

    provider: ProviderName = "none"
    model: str = "solar-pro2"
    base_url: str | None = None  # None: the provider's own; https://api.upstage.ai/v1 for Solar
    api_key_env: str | None = None  # None: the provider's usual one; "": the server wants no key
    allow_http: bool = False  # plain http to another machine, with a key: networks of one's own
    temperature: NonNegativeFloat | None = 0.7  # None: not sent (models that refuse it)
    max_tokens: PositiveInt = 1024  # of an answer
    timeout: PositiveFloat = 60.0  # seconds a call
    concurrency: PositiveInt = 8
    requests_per_minute: PositiveFloat | None = None
    max_tries: PositiveInt = 5  # calls a row at most when the network or the server fails
    breaker_failures: PositiveInt = 5  # rows in a row that used up their tries: the run stops
    budget: PositiveFloat | None = None  # of one run, in the currency of the prices
    budget_tokens: PositiveInt | None = None  # of one run, in and out together
    price_in: NonNegativeFloat = 0.0  # per million tokens
    price_out: NonNegativeFloat = 0.0
    json_schema: bool = False  # send the schema where a request has one and the API takes it

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
                "llm.budget needs llm.price_in and llm.price_out: without prices no call costs anything"
            )
        return self
