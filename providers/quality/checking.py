"""Holds what a plugin claims against what can be seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from providers.contract import Plugin
from providers.errors import ProviderError
from providers.quality.claims import Claims, claims_of
from providers.quality.folder import FileProblem
from providers.quality.level import Level, NotApplicable, NotCheckable, RuleBroken
from providers.quality.scale import RULES, Rule
from providers.quality.subject import Subject


class Claim(StrEnum):
    """What a plugin says about a rule. ``OPEN``: nothing."""

    DONE = "done"
    EXEMPT = "exempt"
    OPEN = "open"


class Outcome(StrEnum):
    """What the check of a rule saw."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_APPLICABLE = "not applicable"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule: claim and outcome. ``problem`` says why the claim is false; None where it holds."""

    rule: Rule
    claim: Claim
    outcome: Outcome
    detail: str
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The verdict on a plugin. ``problems`` are all false claims; none means that everything claimed is true."""

    code: str
    level: Level | None
    findings: Sequence[Finding]
    problems: Sequence[str]


async def check(plugin: Plugin) -> Report:
    """Check every rule of the scale. To be run in virtual time. Raises ``FileProblem`` without a readable
    ``quality.toml``."""
    claims = claims_of(plugin)
    subject = Subject(plugin=plugin, bounds=claims.calls)
    findings = [await _finding(rule, claims, subject) for rule in RULES]
    reached = reached_level(findings)
    problems = [f"{each.rule.name}: {each.problem}" for each in findings if each.problem]
    known = {rule.name for rule in RULES}
    problems += [f"{name}: there is no such rule" for name in (*claims.done, *claims.exempt) if name not in known]
    if claims.level is not reached:
        problems.append(f"level: {_named(claims.level)} is claimed, {_named(reached)} is reached")
    return Report(code=plugin.manifest.code, level=reached, findings=findings, problems=problems)


def unclaimed(problem: FileProblem) -> str:
    """What a plugin without a quality file is told."""
    names = ", ".join(rule.name for rule in RULES)
    return f"{problem}. Write one with level, done and [exempt]; the rules are: {names}."


async def _finding(rule: Rule, claims: Claims, subject: Subject) -> Finding:
    claim = _claim(rule.name, claims)
    outcome, detail = await _outcome(rule, subject)
    return Finding(
        rule=rule,
        claim=claim,
        outcome=outcome,
        detail=detail,
        problem=_problem(rule.name, claim, outcome, detail, claims),
    )


def _claim(name: str, claims: Claims) -> Claim:
    if name in claims.done:
        return Claim.DONE
    return Claim.EXEMPT if name in claims.exempt else Claim.OPEN


async def _outcome(rule: Rule, subject: Subject) -> tuple[Outcome, str]:
    try:
        await rule.check(subject)
    except RuleBroken as broken:
        return Outcome.BROKEN, str(broken)
    except NotApplicable as reason:
        return Outcome.NOT_APPLICABLE, str(reason)
    except NotCheckable as reason:
        return Outcome.NOT_CHECKED, str(reason)
    except ProviderError as error:
        return Outcome.BROKEN, f"a read fails: {error.code}"
    except Exception as error:  # noqa: BLE001 -- a plugin may break in any way: its rule is broken, the check goes on
        return Outcome.BROKEN, f"the plugin or its simulator breaks: {type(error).__name__}"
    return Outcome.KEPT, ""


def _problem(name: str, claim: Claim, outcome: Outcome, detail: str, claims: Claims) -> str | None:
    match claim, outcome:
        case Claim.DONE, Outcome.BROKEN:
            return f"claimed done, but {detail}"
        case Claim.DONE, Outcome.NOT_APPLICABLE:
            return f"claimed done, but it does not apply: {detail}"
        case Claim.EXEMPT, _ if name in claims.done:
            return "claimed done and exempt"
        case Claim.EXEMPT, _ if not claims.exempt[name].strip():
            return "exempt without a reason"
        case Claim.EXEMPT, Outcome.KEPT:
            return "claimed exempt, but it is kept: say done"
    return None


def reached_level(findings: Iterable[Finding]) -> Level | None:
    """The highest level of which, as of all below, every rule is done or exempt, and truly so."""
    held = dict.fromkeys(Level, True)
    for each in findings:
        if each.claim is Claim.OPEN or each.problem:
            held[each.rule.level] = False
    reached = None
    for level in Level:
        if not held[level]:
            break
        reached = level
    return reached


def _named(level: Level | None) -> str:
    return level.value if level else "no level"
