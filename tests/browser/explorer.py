"""The parts of GraphiQL's page, and what a person does with them."""

import json
from typing import Any

from tests.browser.chromium import Chromium

QUERY = ".graphiql-query-editor"
RESPONSE = ".graphiql-response"
VARIABLES = ".graphiql-editor-tool > .graphiql-editor:nth-of-type(1)"
HEADERS = ".graphiql-editor-tool > .graphiql-editor:nth-of-type(2)"
RUN = "button.graphiql-execute-button"
DOCS = ".graphiql-doc-explorer"


def open_tab(chromium: Chromium, title: str) -> None:
    tabs = chromium.driver.find_elements("css selector", "button.graphiql-tab-button")
    next(tab for tab in tabs if tab.text == title).click()
    # GraphiQL learns the operation's name a moment after the click, sooner than a person can go on.
    wait_until_stored(chromium, title, key="operationName")


def tab_titles(chromium: Chromium) -> list[str]:
    return [tab.text for tab in chromium.driver.find_elements("css selector", "button.graphiql-tab-button")]


def wait_until_stored(chromium: Chromium, text: str, *, key: str = "") -> None:
    """GraphiQL stores what is typed half a second later."""
    script = (
        "return Object.entries(sessionStorage).some("
        "([key, value]) => key.endsWith(arguments[1]) && value.includes(arguments[0]))"
    )
    chromium.wait_for_script(script, text, key)


def response(chromium: Chromium) -> Any:
    """The answer to what was just run, once it is there."""
    shown = "const editor = document.querySelector('.graphiql-response .CodeMirror')?.CodeMirror;"
    running = "document.querySelector('.graphiql-response .graphiql-spinner') !== null"
    chromium.wait_for_script(f"{shown} return editor?.getValue() && !({running})")
    return json.loads(chromium.editor_text(RESPONSE))
