"""One provider a file; the registry names them."""

from sunwi.errors import LlmError
from sunwi.llm.credentials import Redactor
from sunwi.llm.providers.gemini import GeminiProvider
from sunwi.llm.providers.openai import OpenAiProvider
from sunwi.llm.providers.provider import Provider
from sunwi.params.llm import LlmParams

PROVIDERS: dict[str, type[Provider]] = {"gemini": GeminiProvider, "openai": OpenAiProvider}


def connect(settings: LlmParams, key: str, redact: Redactor) -> Provider:
    """The provider of these settings; to be made in the event loop that it will live in.

    Raises
    ------
    LlmError
        If the provider's SDK is not installed, naming the command that does it.
    """
    try:
        return PROVIDERS[settings.provider](settings, key, redact)
    except ImportError as error:
        what = f"llm.provider {settings.provider} needs a package that is not installed ({error})"
        raise LlmError(what, f"pip install 'sunwi[{settings.provider}]'") from None
