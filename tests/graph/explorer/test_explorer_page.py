"""The page's HTML; what a browser makes of it is tested in tests/browser."""

import json
import re
from typing import Any

import pytest

from graph.explorer import PAGE_HEADERS, Tab, bearer, bundle, explorer_page

TAB = Tab(query="query Terns { terns }", variables={"from": "2027-02-15"})


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "present", lambda: True)


def settings_of(page: str) -> Any:
    (block,) = re.findall(r'<script type="application/json" id="settings">(.*?)</script>', page, re.DOTALL)
    return json.loads(block)


def test_page_carries_tabs_and_headers() -> None:
    settings = settings_of(explorer_page(default_headers=bearer("key"), tabs=[TAB, Tab(query="{ terns }")]))

    assert json.loads(settings["headers"]) == {"Authorization": "Bearer key"}
    assert [tab["query"] for tab in settings["tabs"]] == ["query Terns { terns }", "{ terns }"]
    assert json.loads(settings["tabs"][0]["variables"]) == {"from": "2027-02-15"}
    assert settings["tabs"][1]["variables"] is None


def test_page_without_a_key_shows_where_it_goes() -> None:
    settings = settings_of(explorer_page(default_headers=None, tabs=[TAB]))

    assert json.loads(settings["headers"]) == {"Authorization": "Bearer YOUR_API_KEY"}


@pytest.mark.parametrize("hostile", ["</script><script>alert(1)</script>", "<!--<script>", "&quot;\u2028\"'"])
def test_nothing_in_a_tab_or_key_leaves_its_place(hostile: str) -> None:
    tab = Tab(query=f"# {hostile}", variables={"name": hostile})
    page = explorer_page(default_headers=bearer(hostile), tabs=[tab])
    plain = explorer_page(default_headers=bearer("key"), tabs=[TAB])

    assert page.count("<script") == plain.count("<script")
    assert page.count("<!--") == plain.count("<!--")
    settings = settings_of(page)
    assert settings["tabs"][0]["query"] == f"# {hostile}"
    assert json.loads(settings["headers"]) == {"Authorization": f"Bearer {hostile}"}
    assert json.loads(settings["tabs"][0]["variables"]) == {"name": hostile}


def test_page_has_a_store_of_its_own_for_each_key() -> None:
    stores = [
        settings_of(explorer_page(default_headers=headers, tabs=tabs))["store"]
        for headers, tabs in ((bearer("a"), [TAB]), (bearer("b"), [TAB]), (None, [TAB]), (bearer("a"), []))
    ]

    assert len(set(stores)) == 3
    assert stores[0] == stores[3]


def test_page_names_every_file_once_and_no_other_host() -> None:
    page = explorer_page(default_headers=None, tabs=[TAB])

    for pin in bundle.PINS:
        assert page.count(f'graphql/assets/{pin.name}" integrity="{pin.integrity}"') == 1
    assert "://" not in page


def test_page_without_its_files_tells_the_command_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "present", lambda: False)
    page = explorer_page(default_headers=bearer("key-of-the-demo"), tabs=[TAB])

    assert "python -m graph.explorer" in page
    assert "key-of-the-demo" not in page
    assert "<script" not in page


def test_page_may_run_only_scripts_from_files_and_is_never_stored() -> None:
    policy = dict(part.split(" ", 1) for part in PAGE_HEADERS["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert PAGE_HEADERS["Cache-Control"] == "no-store"
