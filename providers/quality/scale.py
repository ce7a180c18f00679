"""The quality scale: every rule with its level and the check that holds a plugin to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from providers.quality import answers, bad_days, declared
from providers.quality.level import Level
from providers.quality.subject import Subject


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``check`` returns, or raises what ``level`` has for the other ends."""

    name: str
    level: Level
    text: str
    check: Callable[[Subject], Awaitable[None]]


RULES: tuple[Rule, ...] = (
    Rule(
        "manifest",
        Level.BRONZE,
        "The manifest is complete: https addresses, limits, described credentials with typed secrets.",
        declared.manifest,
    ),
    Rule("capabilities", Level.BRONZE, "Of each capability all methods are there, or none.", declared.capabilities),
    Rule("simulator", Level.BRONZE, "The simulator starts and accepts its own credentials.", bad_days.simulator),
    Rule("refusal", Level.BRONZE, "Wrong credentials fail the check as such.", bad_days.refusal),
    Rule("reads", Level.BRONZE, "Every read of every capability works against the simulator.", answers.reads),
    Rule("paging", Level.BRONZE, "Every list is walked to its end, each record once.", answers.paging),
    Rule(
        "exact-values",
        Level.BRONZE,
        "Money is exact with an ISO currency, instants are aware UTC.",
        answers.exact_values,
    ),
    Rule(
        "behavior",
        Level.BRONZE,
        "BEHAVIOR.md numbers the PMS's oddities, each with why it matters and a test that exists.",
        declared.behavior,
    ),
    Rule("odd-records", Level.SILVER, "A broken record is set aside, and no other with it.", bad_days.odd_records),
    Rule("wire-models", Level.SILVER, "No model of a record refuses new fields.", declared.wire_models),
    Rule("unknown-fields", Level.SILVER, "New fields change nothing.", bad_days.unknown_fields),
    Rule(
        "unknown-words",
        Level.SILVER,
        "A new word for a status survives as UNKNOWN, the PMS's own word beside it.",
        bad_days.unknown_words,
    ),
    Rule("batches", Level.SILVER, "Reads by id agree with pages; ids of nothing are absent.", answers.batches),
    Rule("dead-token", Level.SILVER, "A dead token is replaced once for all who wait.", bad_days.dead_token),
    Rule(
        "limits",
        Level.SILVER,
        "The simulator refuses calls past each profile's limits, and the plugin is never refused.",
        bad_days.limits,
    ),
    Rule(
        "patience", Level.SILVER, "After a refusal nobody calls before the time told.", bad_days.patience_after_refusal
    ),
    Rule("secrets", Level.SILVER, "No error and no representation shows a secret.", bad_days.secrets),
    Rule("calls", Level.GOLD, "No read takes more calls than declared under [calls].", answers.calls),
    Rule("calendars", Level.GOLD, "Calendars have every day, and agree with reservations.", answers.calendars),
    Rule("quotes", Level.GOLD, "The parts of a quote add up to its total.", answers.quotes),
    Rule("free-search", Level.GOLD, "What a search calls free is free in its calendar.", bad_days.free_search),
    Rule("delta", Level.GOLD, "What changed since a moment takes one call where little did.", answers.delta),
    Rule(
        "documented-fields",
        Level.PLATINUM,
        "Every documented field is in the schema or in raw, or a reason says why not; FIELDS.md shows it.",
        declared.documented_fields,
    ),
)
