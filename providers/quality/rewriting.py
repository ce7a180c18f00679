"""A transport that changes what a simulator answers: for what no simulator sends by itself."""

import json
from collections.abc import Callable
from typing import Any

import httpx

Change = Callable[[Any], Any]


class RewritingTransport(httpx.AsyncBaseTransport):
    """Passes calls on and puts every JSON answer through ``change``, if one is set."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.change: Change | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if self.change is None:
            return response
        body = self.change(json.loads(await response.aread()))
        headers = [(name, value) for name, value in response.headers.items() if name != "content-length"]
        return httpx.Response(response.status_code, headers=headers, content=json.dumps(body).encode())


def every_text(change: Callable[[str], str]) -> Change:
    """Changes each text value of a JSON document, names of fields aside."""

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list):
            return [changed(each) for each in value]
        if isinstance(value, dict):
            return {name: changed(each) for name, each in value.items()}
        return value

    return changed


def every_object(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """Changes each object of a JSON document, inner ones first."""

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(each) for each in value]
        if isinstance(value, dict):
            return change({name: changed(each) for name, each in value.items()})
        return value

    return changed
