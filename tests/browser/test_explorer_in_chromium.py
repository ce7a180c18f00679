"""The GraphiQL page in a real browser that has no internet."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import strawberry
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.requests import Request
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import Info

from graph.explorer import PAGE_HEADERS, Tab, bearer, bundle, explorer_page, explorer_ready, explorer_routes
from tests.browser.chromium import Chromium
from tests.browser.conftest import Serve
from tests.browser.explorer import (
    DOCS,
    HEADERS,
    QUERY,
    RESPONSE,
    RUN,
    VARIABLES,
    open_tab,
    tab_titles,
    wait_until_stored,
)

pytestmark = pytest.mark.browser


@strawberry.type(description="A place to stay, with a description that only the schema knows.")
class Cottage:
    name: str = strawberry.field(description="What the cottage is called.")


@strawberry.type
class Query:
    @strawberry.field(description="One cottage by its name.")  # type: ignore[untyped-decorator]  # Strawberry's
    def cottage(self, name: str) -> Cottage:
        return Cottage(name=f"{name} </script> by the sea")

    @strawberry.field
    def authorization(self, info: Info) -> str | None:
        value: str | None = info.context["request"].headers.get("authorization")
        return value


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def authorizations(self, info: Info) -> AsyncIterator[str]:
        yield f"socket {info.context['connection_params'].get('Authorization')}"


COTTAGE = Tab(
    query="query OneCottage($name: String!) {\n  cottage(name: $name) {\n    name\n  }\n}\n",
    variables={"name": "</script><!-- & 'Tern'"},
)
WHO = Tab(query="query WhoAmI {\n  authorization\n}\n")
SOCKET = Tab(query="subscription OverASocket {\n  authorizations\n}\n")


def cottages(key: Callable[[], str | None]) -> FastAPI:
    """A small API behind the page, which is opened with the key that ``key`` then returns."""

    class Router(GraphQLRouter):
        async def render_graphql_ide(self, request: Request) -> HTMLResponse:
            shown = key()
            headers = bearer(shown) if shown else None
            page = explorer_page(default_headers=headers, tabs=[COTTAGE, WHO, SOCKET])
            return HTMLResponse(page, headers=dict(PAGE_HEADERS))

    app = FastAPI()
    app.router.routes.extend(explorer_routes())
    schema = strawberry.Schema(Query, subscription=Subscription)
    protocols = (GRAPHQL_TRANSPORT_WS_PROTOCOL,)
    app.include_router(Router(schema, subscription_protocols=protocols), prefix="/graphql")
    return app


@pytest.fixture(scope="module")
def page(serve: Serve) -> str:
    assert explorer_ready(), "the explorer is not built: run `python -m graph.explorer`"
    return serve(cottages(lambda: "key-of-the-demo")) + "/graphql"


def test_page_is_complete_without_internet(chromium: Chromium, page: str, tmp_path: Path) -> None:
    chromium.open(page)
    chromium.find(QUERY)
    chromium.wait_for_text(DOCS, "Cottage")

    assert chromium.driver.save_screenshot(str(tmp_path / "explorer.png"))
    assert chromium.driver.title == "StayGraph"
    assert chromium.outside() == []
    assert chromium.complaints() == []
    assert any("graphiql.min.js" in url for url in chromium.requested())


def test_default_tab_runs_with_its_variables(chromium: Chromium, page: str) -> None:
    chromium.open(page)
    chromium.find(RUN).click()

    chromium.wait_for_text(RESPONSE, "by the sea")
    assert "</script><!-- & 'Tern' </script> by the sea" in chromium.text(RESPONSE)
    assert chromium.editor_text(QUERY) == COTTAGE.query
    assert json.loads(chromium.editor_text(VARIABLES)) == COTTAGE.variables
    assert chromium.complaints() == []


def test_documentation_pane_describes_the_types(chromium: Chromium, page: str) -> None:
    chromium.open(page)
    chromium.wait_for_text(DOCS, "All Schema Types")
    chromium.follow("Cottage", within=DOCS)

    shown = chromium.wait_for_text(DOCS, "A place to stay")
    assert "with a description that only the schema knows." in shown
    assert "What the cottage is called." in shown


def test_header_editor_is_shown_and_its_key_is_sent(chromium: Chromium, page: str) -> None:
    chromium.open(page)
    chromium.find(HEADERS)
    assert chromium.editor_text(HEADERS) == '{"Authorization": "Bearer key-of-the-demo"}'

    open_tab(chromium, "WhoAmI")
    chromium.find(RUN).click()

    chromium.wait_for_text(RESPONSE, "Bearer key-of-the-demo")


def test_subscription_runs_over_a_socket_with_the_key(chromium: Chromium, page: str) -> None:
    chromium.open(page)
    open_tab(chromium, "OverASocket")
    chromium.find(RUN).click()

    chromium.wait_for_text(RESPONSE, "socket Bearer key-of-the-demo")
    assert page.replace("http:", "ws:") in chromium.requested()
    assert chromium.complaints() == []


def test_reload_keeps_the_query_and_the_default_key(chromium: Chromium, page: str) -> None:
    chromium.open(page)
    chromium.type_over(QUERY, "query Mine { authorization }")
    wait_until_stored(chromium, "query Mine", key="tabState")
    chromium.driver.refresh()

    assert chromium.editor_text(QUERY) == "query Mine { authorization }"
    assert chromium.editor_text(HEADERS) == '{"Authorization": "Bearer key-of-the-demo"}'
    assert tab_titles(chromium) == ["Mine", "WhoAmI", "OverASocket"]


def test_another_key_at_the_same_address_starts_afresh(chromium: Chromium, serve: Serve) -> None:
    """A second demo run on the same port must not meet the first one's tabs or key."""
    keys = iter(["key-of-monday", "key-of-tuesday"])
    chromium.open(serve(cottages(lambda: next(keys))) + "/graphql")
    chromium.type_over(QUERY, "query Monday { authorization }")
    chromium.type_over(HEADERS, '{"Authorization": "Bearer typed-on-monday"}')
    wait_until_stored(chromium, "query Monday", key="tabState")
    chromium.driver.refresh()

    assert chromium.editor_text(QUERY) == COTTAGE.query
    assert chromium.editor_text(HEADERS) == '{"Authorization": "Bearer key-of-tuesday"}'
    assert tab_titles(chromium) == ["OneCottage", "WhoAmI", "OverASocket"]


def test_page_without_a_key_asks_for_one_and_goes_on_when_it_has_it(chromium: Chromium, serve: Serve) -> None:
    address = serve(cottages(lambda: None)) + "/graphql"
    chromium.open(address)
    chromium.find(RUN).click()

    chromium.wait_for_text(RESPONSE, "Put an API key in the place of YOUR_API_KEY")
    assert chromium.requested().count(address) == 1  # The page itself.

    chromium.type_over(HEADERS, '{"Authorization": "Bearer a-real-key"}')
    chromium.wait_for_text(DOCS, "Cottage")
    assert chromium.complaints() == []


def test_no_key_stays_behind_when_the_tab_is_closed(chromium: Chromium, page: str) -> None:
    chromium.open(page)
    chromium.find(RUN).click()
    chromium.wait_for_text(RESPONSE, "by the sea")

    # GraphiQL's history holds the headers of what was run: there is something to leave behind.
    wait_until_stored(chromium, "key-of-the-demo")
    assert "Bearer" not in str(chromium.driver.execute_script("return JSON.stringify(localStorage)"))


def test_foreign_script_in_the_page_is_refused(chromium: Chromium, page: str) -> None:
    chromium.open(page)
    chromium.find(QUERY)
    chromium.driver.execute_script(
        "const script = document.createElement('script');"
        "script.textContent = 'window.ran = true'; document.head.append(script)"
    )

    assert chromium.driver.execute_script("return window.ran") is None
    assert any("Content Security Policy" in complaint for complaint in chromium.complaints())


def test_page_without_its_files_says_how_to_build_them(
    chromium: Chromium, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "FOLDER", tmp_path / "nothing")
    chromium.open(page)

    shown = chromium.wait_for_text("main", "The explorer is not built")
    assert "python -m graph.explorer" in shown
    assert chromium.complaints() == []
