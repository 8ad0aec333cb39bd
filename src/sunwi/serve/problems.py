"""Errors as JSON of OpenAI's form, each with the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sunwi.errors import SunwiError, printable
from sunwi.records.files import describe_fault
from sunwi.serve.joining import BusyError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KINDS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error",
         413: "request_too_large", 422: "invalid_request_error", 503: "overloaded_error"}  # fmt: skip


def problem_response(status: int, message: str, next_step: str, param: str | None = None) -> JSONResponse:
    """One error: `{"error": {message, type, param, code, next_step}}`."""
    error: dict[str, Any] = {
        "message": printable(message),
        "type": KINDS.get(status, "api_error"),
        "param": param,
        "code": None,
        "next_step": printable(next_step),
    }
    headers = {"retry-after": "2"} if status == 503 else None
    return JSONResponse({"error": error}, status, headers)


def add_handlers(app: FastAPI) -> None:
    """Answer the package's errors, faulty requests and unknown paths with JSON."""

    def sunwi_error(_: Request, error: SunwiError) -> JSONResponse:
        if isinstance(error, BusyError):
            return problem_response(503, str(error), "send the request again in a few seconds")
        text, step = f"{error}Next: ".split("Next: ", 2)[:2]
        return problem_response(400, text.strip().rstrip("."), step or "correct the request")

    def faulty(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [{**fault, "loc": fault["loc"][1:] or fault["loc"]} for fault in error.errors()]
        first = ".".join(str(step) for step in faults[0]["loc"])
        message = "; ".join(describe_fault(fault) for fault in faults[:8])
        return problem_response(422, message, "see /docs for the fields and their limits", first)

    def http(_: Request, error: HTTPException) -> JSONResponse:
        return problem_response(
            error.status_code, str(error.detail), "see /docs for the paths of this server"
        )

    handlers: list[tuple[type[Exception], Callable[..., JSONResponse | Awaitable[JSONResponse]]]] = [
        (SunwiError, sunwi_error), (RequestValidationError, faulty), (HTTPException, http),
    ]  # fmt: skip
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)
