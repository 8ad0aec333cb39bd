"""One GET to a node of this machine, without the proxy that the environment may name."""

from __future__ import annotations

import base64
import ssl
import urllib.error
import urllib.request
from pathlib import Path

HEALTH = "/_cluster/health?wait_for_status=yellow&timeout=1s"


def status_of(url: str, login: tuple[str, str] | None = None, trusted: Path | None = None) -> int:
    """The answer's status; 0 if there is no answer."""
    context = ssl.create_default_context(cafile=trusted) if trusted else None
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url)  # noqa: S310  built by the caller for 127.0.0.1
    if login is not None:
        token = base64.b64encode(":".join(login).encode()).decode("ascii")
        request.add_header("authorization", f"Basic {token}")
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)
    except OSError:  # of which URLError is one
        return 0
