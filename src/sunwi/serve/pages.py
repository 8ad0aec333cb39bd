"""The pages: search, desk, the paths of the API, and the form that takes the token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sunwi.resources import resource_file, resource_folder
from sunwi.serve.access import COOKIE, Access
from sunwi.serve.engine import Engine
from sunwi.serve.problems import problem_response
from sunwi.serve.schema import fields_of
from sunwi.serve.search_routes import variant_list

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = resource_folder("sunwi.serve.templates")
STATIC = resource_folder("sunwi.serve.static")
REPORT_STYLE = resource_file("sunwi.report.static", "style.css")
FILES = {
    "search.js": "text/javascript", "desk.js": "text/javascript", "words.js": "text/javascript",
    "serve.css": "text/css", "style.css": "text/css",
}  # fmt: skip


def environment() -> Environment:
    """Templates of the server; all values are escaped."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(lambda name: TEMPLATES.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def page_routes(app: FastAPI, engine: Engine, access: Access) -> APIRouter:
    """The pages and their files."""
    router, templates = APIRouter(include_in_schema=False), environment()

    def render(name: str, **shown: Any) -> HTMLResponse:
        return HTMLResponse(templates.get_template(name).render(**shown))

    @router.get("/")
    async def search() -> HTMLResponse:
        state = {"headline": engine.headline, "variants": variant_list(engine)}
        return render("search.html.j2", state=state, passages=len(engine.documents))

    @router.get("/desk")
    async def desk() -> HTMLResponse:
        return render("desk.html.j2")

    @router.get("/docs")
    async def documentation() -> HTMLResponse:
        return render("docs.html.j2", schema=app.openapi(), fields_of=fields_of)

    @router.get("/enter")
    async def enter_form() -> HTMLResponse:
        return render("enter.html.j2")

    @router.post("/enter")
    async def enter(request: Request) -> Response:
        from urllib.parse import parse_qs

        given = parse_qs((await request.body()).decode("utf-8", "replace")).get("token", [""])[0]
        if not access.admits(given):
            return problem_response(401, "the token is wrong", "go back and enter it again")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, access.cookie, httponly=True, samesite="strict", path="/")
        return answer

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in FILES:
            return problem_response(404, f"there is no file {name[:80]!r}", "open / for the search page")
        source = REPORT_STYLE if name == "style.css" else STATIC.joinpath(name)
        return Response(source.read_bytes(), media_type=FILES[name])

    return router
