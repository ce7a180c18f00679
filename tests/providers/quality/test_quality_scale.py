"""The quality scale: true claims pass, false ones are found, whatever kind of lie they are."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from providers import catalogue
from providers.contract import Plugin, ProviderClient
from providers.hostaway.client import HostawayClient
from providers.hostaway.plugin import HostawayPlugin
from providers.model import Listing
from providers.quality import checking, declared, folder
from providers.quality.checking import Claim, Finding, Outcome, Report, check, reached_level
from providers.quality.claims import Claims, claims_of
from providers.quality.field_page import field_page, probed_objects, unaccounted
from providers.quality.folder import FileProblem
from providers.quality.level import Level
from providers.quality.probing import ProbedObject
from providers.quality.scale import RULES, Rule
from providers.quality.subject import Subject
from providers.queries import Batch, ListingQuery, Page
from providers.simulation.virtual_time import run_virtually

# Probing reads a plugin's every record once for each documented field: tens of seconds of work, more on a busy machine.
pytestmark = pytest.mark.timeout(300)


class Forgetful(HostawayClient):
    """Loses the last listing of every page, and finds every listing by id, whether it exists or not."""

    async def listing_page(self, query: ListingQuery, position: str | None) -> Page[Listing]:
        page = await super().listing_page(query, position)
        page.items = page.items[:-1]
        return page

    async def listings(self, ids: Any) -> Batch[Listing]:
        batch = await super().listings(ids)
        first = next(iter(batch.found.values()))
        batch.found |= {each: replace(first, provider_id=each) for each in ids if each not in batch.found}
        return batch

    async def check(self) -> None:
        """Never asks."""


class LyingPlugin(HostawayPlugin):
    manifest = replace(HostawayPlugin.manifest, docs_url="http://example.com")
    client_class = Forgetful

    def client(self, session: Any, config: Any) -> ProviderClient:
        return Forgetful(session, "10000")


@pytest.fixture
def claimed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Puts a quality file into a folder that stands for the plugin's."""

    def claim(text: str) -> None:
        (tmp_path / "quality.toml").write_text(text, encoding="utf-8")
        for module in ("claims", "subject", "documented"):
            monkeypatch.setattr(f"providers.quality.{module}.folder_of", lambda plugin: tmp_path)

    return claim


def only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(checking, "RULES", tuple(rule for rule in RULES if rule.name in names))


@cache
def checked(code: str) -> tuple[Report, list[ProbedObject]]:
    """The verdict on a shipped plugin, and what probing found on the way to it."""
    probed: list[ProbedObject] = []

    async def keeping(plugin: Plugin) -> list[ProbedObject]:
        probed.extend(await probed_objects(plugin))
        return probed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(declared, "probed_objects", keeping)
        return run_virtually(check(catalogue.plugin(code))), probed


@pytest.mark.parametrize("code", catalogue.plugins())
def test_what_plugins_claim_is_true(code: str) -> None:
    report, _ = checked(code)
    assert report.problems == []
    assert report.level is claims_of(catalogue.plugin(code)).level
    assert report.level in (Level.GOLD, Level.PLATINUM)
    assert [each.rule.name for each in report.findings] == [rule.name for rule in RULES]
    assert [each.rule.name for each in report.findings if each.outcome is Outcome.NOT_CHECKED] == []


@pytest.mark.parametrize("code", catalogue.plugins())
def test_the_table_of_fields_is_up_to_date(code: str) -> None:
    plugin, (_, probed) = catalogue.plugin(code), checked(code)
    page = (folder.folder_of(plugin) / "FIELDS.md").read_text(encoding="utf-8")
    renew = f"staygraph providers fields {code} > providers/{code.lower()}/FIELDS.md"
    assert page == field_page(plugin, probed), f"renew it with: {renew}"


@pytest.mark.parametrize("code", catalogue.plugins())
def test_reasons_for_what_is_not_read_are_not_out_of_date(code: str) -> None:
    _, probed = checked(code)
    assert [each for each in unaccounted(probed) if not each.endswith(" is not read")] == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("manifest", "docs_url is not an https address"),
        ("refusal", "check() passes with a wrong apiKey"),
        ("paging", "of 101 listings came"),
        ("batches", "listings by id find what does not exist"),
        ("simulator", "the simulator does not count the check's calls"),
        ("behavior", "BEHAVIOR.md is missing beside the plugin"),
        ("documented-fields", "documented.toml is missing beside the plugin"),
    ],
)
def test_a_plugin_that_lies_is_found_out(claimed: Any, monkeypatch: pytest.MonkeyPatch, rule: str, told: str) -> None:
    claimed(f'level = "bronze"\ndone = ["{rule}"]')
    only(monkeypatch, rule)
    report = run_virtually(check(LyingPlugin()))
    assert report.problems[0].startswith(f"{rule}: claimed done, but ")
    assert told in report.problems[0]


def report_of(claimed: Any, monkeypatch: pytest.MonkeyPatch, text: str, *rules: str) -> Report:
    claimed(text)
    only(monkeypatch, *rules)
    return run_virtually(check(catalogue.plugin("hostaway")))


def test_claims_that_cannot_be_true_are_named(claimed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'level = "gold"\ndone = ["manifest", "speed"]\n[exempt]\ncapabilities = "too hard"\nmanifest = "no"'
    report = report_of(claimed, monkeypatch, text, "manifest", "capabilities")
    assert report.problems == [
        "capabilities: claimed exempt, but it is kept: say done",
        "speed: there is no such rule",
        "level: gold is claimed, no level is reached",
    ]


def test_an_exemption_needs_a_reason(claimed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of(claimed, monkeypatch, '[exempt]\nbehavior = " "', "behavior")
    assert report.problems == ["behavior: exempt without a reason"]


def test_rules_that_need_the_tests_say_so_where_there_are_none(
    claimed: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As in a wheel, which has the page and not the tests."""
    (tmp_path / "BEHAVIOR.md").write_text("1. Odd. **Why this matters**: so. `tests/a/test_b.py::test_c`\n")
    report = report_of(claimed, monkeypatch, 'level = "platinum"\ndone = ["behavior"]', "behavior")
    (finding,) = report.findings
    assert (finding.outcome, finding.detail) == (
        Outcome.NOT_CHECKED,
        "the tests are not here: they come with the sources, not with the wheel",
    )
    assert report.problems == []


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("Nothing.", "has no numbered entries"),
        ("1. A. **Why this matters** `tests/x.py::test_a`\n3. B.\n", "is not numbered from 1 without a gap"),
        ("1. A. `tests/x.py::test_a`\n", "1 does not say why it matters"),
        ("1. A. **Why this matters**: so.\n", "1 names no test"),
        ("1. A. **Why this matters**: so. `tests/x.py::test_gone`\n", "test_gone, which does not exist"),
    ],
)
def test_a_page_of_oddities_must_hold_what_it_promises(
    claimed: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: str, told: str
) -> None:
    claimed('done = ["behavior"]')
    plugin_folder = tmp_path / "plugin"
    plugin_folder.mkdir()
    (plugin_folder / "BEHAVIOR.md").write_text(page, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "x.py").write_text("def test_a(): ...\n", encoding="utf-8")
    monkeypatch.setattr("providers.quality.subject.folder_of", lambda plugin: plugin_folder)
    only(monkeypatch, "behavior")
    (problem,) = run_virtually(check(catalogue.plugin("hostaway"))).problems[:1]
    assert told in problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("level =", "cannot be read"),
        ('level = "best"', "wrong at level"),
        ("[calls]\nlistings_by_id = 0", "wrong at calls.listings_by_id"),
        ('[calls]\nlistings = "many"', "wrong at calls.listings"),
        ("promises = []", "wrong at promises"),
    ],
)
def test_a_quality_file_that_cannot_be_understood_is_told_by_its_place(claimed: Any, text: str, told: str) -> None:
    claimed(text)
    with pytest.raises(FileProblem, match=told):
        claims_of(catalogue.plugin("hostaway"))


def test_a_plugin_that_breaks_in_its_own_way_breaks_its_rule(claimed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(HostawayPlugin):
        def simulator(self, options: Any) -> Any:
            raise RuntimeError("hunter2")

    claimed('done = ["simulator"]')
    only(monkeypatch, "simulator")
    (finding,) = run_virtually(check(Broken())).findings
    assert (finding.outcome, finding.detail) == (Outcome.BROKEN, "the plugin or its simulator breaks: RuntimeError")


def finding(level: Level, claim: Claim, problem: str | None = None) -> Finding:
    async def kept(subject: Subject) -> None: ...

    rule = Rule("any", level, "", kept)
    return Finding(rule=rule, claim=claim, outcome=Outcome.KEPT, detail="", problem=problem)


@pytest.mark.parametrize(
    ("claims", "reached"),
    [
        ({}, Level.PLATINUM),
        ({Level.PLATINUM: (Claim.OPEN, None)}, Level.GOLD),
        ({Level.GOLD: (Claim.EXEMPT, None)}, Level.PLATINUM),
        ({Level.GOLD: (Claim.DONE, "false")}, Level.SILVER),
        ({Level.SILVER: (Claim.OPEN, None), Level.GOLD: (Claim.OPEN, None)}, Level.BRONZE),
        ({Level.BRONZE: (Claim.OPEN, None)}, None),
    ],
)
def test_a_level_needs_all_below_it(claims: Mapping[Level, tuple[Claim, str | None]], reached: Level | None) -> None:
    findings = [finding(level, *claims.get(level, (Claim.DONE, None))) for level in Level]
    assert reached_level(findings) is reached


def test_defaults_of_a_plugin_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.quality.claims.folder_of", lambda plugin: tmp_path)
    with pytest.raises(FileProblem, match=r"quality\.toml is missing beside the plugin"):
        run_virtually(check(catalogue.plugin("hostaway")))
    assert Claims().calls.listings_by_id == 1
    assert folder.folder_of(catalogue.plugin("hostaway")).name == "hostaway"


def test_every_rule_has_a_name_of_its_own_and_a_text() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.text.endswith(".") for rule in RULES)
    assert {rule.level for rule in RULES} == set(Level)


def test_the_double_is_a_plugin() -> None:
    assert isinstance(LyingPlugin(), Plugin)
