"""Mutations of the nights of listings."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.changes.calendars import HORIZON_DAYS, MAX_NIGHTS, MAX_RANGES, span_of
from graph.changes.cost import counting
from graph.changes.targets import ListingTarget
from graph.changes.writing import Done
from graph.gateway.calendars import DaysOfListing
from graph.gateway.refs import Ref
from graph.rejections import Rejected, Rejection, RejectionCode, rejected
from graph.schema import ids
from graph.schema.arguments import BadInput
from graph.schema.calendar import Calendar
from graph.schema.change_payloads import (
    Carried,
    ChangeCost,
    ChangePayload,
    DryRun,
    below,
    carried_out,
    given_ref,
    one_of_several,
    ref_in,
)
from graph.schema.context import Info
from graph.schema.inputs import changed_model, input_of, list_of
from graph.schema.permissions import require
from graph.schema.selecting import selects
from providers.capabilities import Capability
from providers.changes import CalendarChange, Written

MAX_LISTINGS = 100
MAX_NIGHTS_IN_ALL = 100_000

CalendarRangeInput = input_of(
    CalendarChange,
    "CalendarRangeInput",
    extras="calendar",
    description="What to change about the nights from start up to, and not including, end. What is left out stays.",
)


@strawberry.input(description="Nights of one listing to change.")
class UpdateCalendarInput:
    listing_id: strawberry.ID = strawberry.field(description="The listing's id.")
    ranges: list[Any] = strawberry.field(
        graphql_type=list_of(CalendarRangeInput),
        description=f"What to change, 1 to {MAX_RANGES} ranges of {MAX_NIGHTS} nights in all, from today on the "
        f"listing's own clock up to {HORIZON_DAYS} days ahead. Where ranges overlap, later ones win.",
    )


@strawberry.type(description="What became of the nights of one listing that were to be changed.")
class CalendarPayload(ChangePayload):
    changed: strawberry.Private[DaysOfListing | None]
    listing_id: strawberry.ID = strawberry.field(description="The id that was given.")

    @strawberry.field(
        description="The nights from the first changed one to the last, those between ranges too, as the PMS tells "
        "them now, by the account's terms; also after a failure at the PMS, which may have come half-way. Null if the "
        "PMS was not asked.",
        graphql_type=Calendar | None,
    )
    async def calendar(self, info: Info) -> Any:
        if self.changed is None:
            return None
        wanted = self.changed._replace(reservations=selects(info, "days", "reservations"))
        return await info.context.loaders(info).calendar.load(wanted)


@strawberry.type(description="What became of the nights of several listings that were to be changed.")
class CalendarsPayload:
    results: list[CalendarPayload] = strawberry.field(
        description="One for each input, in the order given. Paths in its userErrors are within that input."
    )
    cost: ChangeCost = strawberry.field(description="What all of it cost, the listings' own reads included.")


_ABOUT = (
    "Prices are the PMS's own: before the account's discount and markup, which calendars show as "
    "originalPrice. Blocked nights are freed, a guest's nights never. Needs WRITE."
)


@strawberry.type
class CalendarChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description=f"Change prices, rules and availability of nights of a listing. {_ABOUT}",
        graphql_type=CalendarPayload,
    )
    async def update_calendar(
        self,
        info: Info,
        input: Annotated[  # noqa: A002  # the schema's name
            UpdateCalendarInput, strawberry.argument(description="Which nights, and what to change about them.")
        ],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[None]]:
            (target,) = (await _targets(info, [input])).values()
            return await _change(info, target, input, dry_run=dry_run)

        return await _payload(info, input, work(), dry_run=dry_run)

    @strawberry.mutation(
        description="Change prices, rules and availability of nights of several listings. Each is done, or refused, "
        f"by itself. {_ABOUT}",
        graphql_type=CalendarsPayload,
    )
    async def update_calendars(
        self,
        info: Info,
        inputs: Annotated[
            list[UpdateCalendarInput],
            strawberry.argument(
                description=f"1 to {MAX_LISTINGS} listings, each once, and {MAX_NIGHTS_IN_ALL} nights in all."
            ),
        ],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)
        _check_size(inputs)
        with counting() as calls:
            targets = await _targets(info, inputs)

            async def one(index: int) -> CalendarPayload:
                given = inputs[index]

                def failed(carried: Carried[Any]) -> CalendarPayload:
                    return CalendarPayload(changed=None, listing_id=given.listing_id, **carried.fields())

                async def work() -> Done[Written[None]]:
                    if given.listing_id in [each.listing_id for each in inputs[:index]]:
                        message = "An input before this one names the same listing: put all its ranges there."
                        raise rejected("listingId", RejectionCode.INVALID, message)
                    return await _change(info, targets[given.listing_id], given, dry_run=dry_run)

                return await one_of_several(_payload(info, given, work(), dry_run=dry_run), failed)

            results = await asyncio.gather(*(one(index) for index in range(len(inputs))))
        accounts = dict.fromkeys(each.account.id for each in targets.values() if isinstance(each, ListingTarget))
        return CalendarsPayload(results=results, cost=ChangeCost(account_ids=list(accounts), calls=calls.count))


def _check_size(inputs: Sequence[UpdateCalendarInput]) -> None:
    if not 1 <= len(inputs) <= MAX_LISTINGS:
        raise BadInput("inputs", f"has {len(inputs)} entries", allowed=f"1 to {MAX_LISTINGS} entries")
    nights = sum(max((each.end - each.start).days, 0) for given in inputs for each in given.ranges)
    if nights > MAX_NIGHTS_IN_ALL:
        raise BadInput("inputs", f"names {nights} nights", allowed=f"up to {MAX_NIGHTS_IN_ALL} nights in all")


async def _targets(info: Info, inputs: Sequence[UpdateCalendarInput]) -> Mapping[str, ListingTarget | Rejected]:
    """The listing of each id that was given, or why it cannot be changed."""
    refs: dict[str, Ref] = {}
    found: dict[str, ListingTarget | Rejected] = {}
    for text in dict.fromkeys(each.listing_id for each in inputs):
        try:
            refs[text] = given_ref(text, "listingId", ids.LISTING)
        except Rejected as refusal:
            found[text] = refusal
    context = info.context
    targets = await context.administration.catalog.targets.listings(
        context.operation, list(refs.values()), "listingId", Capability.CHANGE_CALENDARS
    )
    return found | {text: targets[ref] for text, ref in refs.items()}


async def _change(
    info: Info, target: ListingTarget | Rejected, given: UpdateCalendarInput, *, dry_run: bool
) -> Done[Written[None]]:
    if isinstance(target, Rejected):
        raise target
    changes = _changes(given.ranges, target.account.provider)
    return await info.context.administration.catalog.calendars.change(target, changes, dry_run=dry_run)


def _changes(ranges: Sequence[Any], provider: str) -> list[CalendarChange]:
    changes: list[CalendarChange] = []
    wrong: list[Rejection] = []
    for index, each in enumerate(ranges):
        try:
            changes.append(changed_model(each, CalendarChange, provider=provider))
        except Rejected as refusal:
            wrong += below(refusal, "ranges", str(index)).rejections
    if wrong:
        raise Rejected(*wrong)
    return changes


async def _payload(
    info: Info, given: UpdateCalendarInput, work: Awaitable[Done[Written[None]]], *, dry_run: bool
) -> CalendarPayload:
    carried = await carried_out(info, work, given.listing_id)
    ref = ref_in(given.listing_id, ids.LISTING)
    days = span_of(given.ranges) if carried.may_have_changed or (carried.was_asked and not dry_run) else None
    changed = DaysOfListing(ref, days) if ref and days else None
    return CalendarPayload(changed=changed, listing_id=given.listing_id, **carried.fields())
