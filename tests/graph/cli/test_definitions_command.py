"""``staygraph definitions``: the same checks and the same rule as over the API."""

import json
from pathlib import Path
from typing import Any

from providers.model import ListingField

KEY = {"headers": {"X-Partner": "pk_0123456789"}, "queryParams": {"provider": "us-and-nobody-else"}}


def change(terminal: Any, tmp_path: Path, given: Any) -> Any:
    file = tmp_path / "change.json"
    file.write_text(json.dumps(given))
    return terminal.run("definitions", "update", "hostaway", "--file", str(file), "--json")


def test_every_provider_is_listed(terminal: Any) -> None:
    listed = terminal.json("definitions", "list")
    assert [each["provider"] for each in listed] == ["BOOKINGSYNC", "HOSTAWAY"]
    assert set(listed[0]["fieldsToSync"]["listing"].values()) == {True}
    assert "HOSTAWAY" in terminal.run("definitions", "list").stdout


def test_a_change_is_shown_with_its_secrets_masked(terminal: Any, tmp_path: Path) -> None:
    result = change(terminal, tmp_path, {"partnerKey": KEY, "fieldsToSync": {"listing": {"name": True}}})
    assert result.exit_code == 0, result.output
    shown = terminal.json("definitions", "show", "hostaway")
    assert shown == json.loads(result.stdout)
    assert shown["partnerKey"] == {"headers": {"X-Partner": "********"}, "queryParams": {"provider": "********"}}
    assert shown["fieldsToSync"]["listing"] == {key.value: key is ListingField.NAME for key in ListingField}
    for text in (result.output, terminal.run("definitions", "show", "hostaway").output):
        assert "pk_0123456789" not in text
        assert "us-and-nobody-else" not in text
    assert "?provider=" in terminal.run("definitions", "show", "hostaway").stdout


def test_all_that_is_wrong_is_named_and_nothing_changes(terminal: Any, tmp_path: Path) -> None:
    wrong = {
        "name": "New",
        "color": "red",
        "icon": "http://a.example/",
        "partnerKey": {"headers": {"Host": "secret-value"}, "cookies": {}},
        "fieldsToSync": {"listing": {"wifi": True, "name": "yes"}},
    }
    result = change(terminal, tmp_path, wrong)
    assert result.exit_code == 2
    for field in ("color", "icon", "partnerKey.headers.Host", "partnerKey.cookies"):
        assert f"  {field}: " in result.stderr
    assert "  fieldsToSync.listing.wifi: There is no such field. Allowed: name, type, rooms" in result.stderr
    assert "  fieldsToSync.listing.name: It is neither true nor false." in result.stderr
    assert "secret-value" not in result.output
    assert terminal.json("definitions", "show", "hostaway")["name"] == "Hostaway"


def test_an_empty_list_of_fields_is_refused(terminal: Any, tmp_path: Path) -> None:
    result = change(terminal, tmp_path, {"fieldsToSync": {}})
    assert result.exit_code == 2
    assert "fieldsToSync.listing" in result.stderr


def test_an_unknown_provider_is_named(terminal: Any) -> None:
    result = terminal.run("definitions", "show", "guesty")
    assert result.exit_code == 2
    assert "BOOKINGSYNC, HOSTAWAY" in result.stderr
