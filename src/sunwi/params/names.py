"""Values that are names of a registry's folder: checked by its list of files, with none of them imported."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticKnownError, core_schema

from sunwi.registry import names_in


class NameIn:
    """A string that is the name of a module of `package`, or one of the `others`.

    Used as `Annotated[str, NameIn("sunwi.search.fusion.methods")]`. A new file of that folder is a new value.
    """

    def __init__(self, package: str, *others: str) -> None:
        self.package = package
        self.others = others

    @property
    def values(self) -> list[str]:
        """What is allowed: the others, then the folder's names."""
        return [*self.others, *names_in(self.package)]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return core_schema.no_info_before_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "enum": self.values}

    def _checked(self, value: Any) -> Any:
        if value not in self.values:  # the fault that a Literal gives
            raise PydanticKnownError("literal_error", {"expected": f"one of {', '.join(self.values)}"})
        return value
