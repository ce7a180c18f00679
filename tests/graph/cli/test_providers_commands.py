"""``staygraph providers check`` and ``fields``, as a plugin's author runs them.

The rules themselves are tested in ``tests/providers/quality``: here two quick ones stand for the scale.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.cli import providers as command
from providers import catalogue
from providers.contract import Plugin
from providers.quality import checking
from providers.quality.documented import DocumentedObject
from providers.quality.probing import Probed, ProbedObject
from providers.quality.scale import RULES

TRUE = 'level = "platinum"\ndone = ["manifest", "capabilities"]\n'


@pytest.fixture(autouse=True)
def quick_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tuple(rule for rule in RULES if rule.name in ("manifest", "capabilities"))
    monkeypatch.setattr(checking, "RULES", kept)


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """Writes what a provider claims: ``(code, text)``. Providers about which nothing was written have no file."""
    monkeypatch.setattr("providers.quality.claims.folder_of", lambda plugin: tmp_path / plugin.manifest.code)

    def write(code: str, text: str) -> None:
        (tmp_path / code).mkdir(exist_ok=True)
        (tmp_path / code / "quality.toml").write_text(text, encoding="utf-8")

    return write


def test_check_says_level_and_rules_of_every_provider(terminal: Any, claims: Any) -> None:
    for code in catalogue.plugins():
        claims(code, TRUE)
    result = terminal.run("providers", "check")
    assert (result.exit_code, result.stderr) == (0, "")
    for code in catalogue.plugins():
        assert f"{code}: platinum" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows.count(["bronze", "manifest", "done", "kept"]) == len(catalogue.plugins())
    assert rows.count(["bronze", "capabilities", "done", "kept"]) == len(catalogue.plugins())


def test_check_of_one_provider_leaves_the_others_out_whatever_the_case(terminal: Any, claims: Any) -> None:
    claims("HOSTAWAY", TRUE)
    result = terminal.run("providers", "check", "hostaway")
    assert result.exit_code == 0
    assert "HOSTAWAY: platinum" in result.stdout
    assert "BOOKINGSYNC" not in result.output


def test_check_as_json_has_all_that_the_tables_have(terminal: Any, claims: Any) -> None:
    claims("HOSTAWAY", 'level = "platinum"\ndone = ["manifest"]\n[exempt]\ncapabilities = "We have none."\n')
    result = terminal.run("providers", "check", "HOSTAWAY", "--json")
    (line,) = result.stdout.splitlines()
    (report,) = json.loads(line)
    assert (report["code"], report["level"]) == ("HOSTAWAY", None)
    assert [(each["name"], each["level"], each["claim"], each["seen"]) for each in report["rules"]] == [
        ("manifest", "bronze", "done", "kept"),
        ("capabilities", "bronze", "exempt", "kept"),
    ]
    assert all(each["text"].endswith(".") and each["detail"] is None for each in report["rules"])
    assert report["problems"] == [
        "capabilities: claimed exempt, but it is kept: say done",
        "level: platinum is claimed, no level is reached",
    ]


@pytest.mark.parametrize("arguments", [(), ("--json",)])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('level = "gold"\ndone = ["manifest", "capabilities"]', "level: gold is claimed, platinum is reached"),
        ('level = "platinum"\ndone = ["manifest"]', "level: platinum is claimed, no level is reached"),
        (TRUE.replace("]", ', "speed"]'), "speed: there is no such rule"),
        ('level = "best"', "quality.toml is wrong at level: "),
    ],
)
def test_a_false_claim_fails_the_check_and_is_named(
    terminal: Any, claims: Any, text: str, told: str, arguments: tuple[str, ...]
) -> None:
    claims("BOOKINGSYNC", TRUE)
    claims("HOSTAWAY", text)
    result = terminal.run("providers", "check", *arguments)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: HOSTAWAY: {told}")
    # The provider that tells the truth is shown all the same.
    assert "BOOKINGSYNC" in result.stdout


def test_a_plugin_without_claims_is_told_how_to_make_some(terminal: Any, claims: Any) -> None:
    claims("BOOKINGSYNC", TRUE)
    result = terminal.run("providers", "check")
    assert result.exit_code == 1
    assert "HOSTAWAY: no level" in result.stdout
    assert "HOSTAWAY: quality.toml is missing beside the plugin. Write one with level, done and [exempt]" in (
        result.stderr
    )
    assert "manifest, capabilities" in result.stderr


@pytest.mark.parametrize("name", ["check", "fields"])
def test_an_unknown_provider_is_named_beside_those_that_exist(terminal: Any, name: str) -> None:
    result = terminal.run("providers", name, "airbnb")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: Unknown provider 'airbnb'. Known: {', '.join(catalogue.plugins())}.\n"


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Takes the probing out, which has tests of its own and takes seconds; the codes it was asked for."""
    asked: list[str] = []
    documented = DocumentedObject(name="House", source="Houses", read="listing_page", at=("",), fields=("title",))

    async def probe(plugin: Plugin) -> list[ProbedObject]:
        asked.append(plugin.manifest.code)
        field = Probed(name="title", becomes=("name",), decides=False, in_raw=True)
        return [ProbedObject(documented=documented, types=("Listing",), fields=(field,))]

    monkeypatch.setattr(command, "probed_objects", probe)
    return asked


def test_fields_prints_what_check_accepts(terminal: Any, probed: list[str], tmp_path: Path) -> None:
    printed = terminal.run("providers", "fields", "hostaway")
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert printed.stdout.startswith("# Fields of Hostaway\n")
    assert "| `title` | `name` |" in printed.stdout
    file = tmp_path / "FIELDS.md"
    file.write_text(printed.stdout, encoding="utf-8")
    same = terminal.run("providers", "fields", "hostaway", "--check", str(file))
    assert (same.exit_code, same.output) == (0, "")
    file.write_text(printed.stdout.replace("`title`", "`headline`"), encoding="utf-8")
    drifted = terminal.run("providers", "fields", "hostaway", "--check", str(file))
    assert drifted.exit_code == 1
    assert "-| `headline` | `name` |\n+| `title` | `name` |" in drifted.stdout
    assert f"{file} is out of date. Renew it with: staygraph providers fields HOSTAWAY > {file}" in drifted.stderr
    assert probed == ["HOSTAWAY"] * 3


def test_fields_compared_with_a_file_that_is_not_there_is_bad_input(
    terminal: Any, probed: list[str], tmp_path: Path
) -> None:
    result = terminal.run("providers", "fields", "HOSTAWAY", "--check", str(tmp_path / "none.md"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot be read" in result.stderr


def test_fields_of_a_plugin_that_ships_no_names_says_so(
    terminal: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("providers.quality.documented.folder_of", lambda plugin: tmp_path)
    result = terminal.run("providers", "fields", "HOSTAWAY")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: HOSTAWAY: documented.toml is missing beside the plugin.\n"
