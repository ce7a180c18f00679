"""Mutations of reservations."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar

import strawberry

from graph.accounts.keys import Permission
from graph.changes.cost import counting
from graph.changes.edits import Stale
from graph.changes.writing import Done
from graph.gateway.refs import Ref
from graph.rejections import Rejected
from graph.schema import ids
from graph.schema.change_payloads import Carried, DryRun, IdempotencyKey, carried_out, given_ref, one_of_several
from graph.schema.context import Info
from graph.schema.inputs import changed_model
from graph.schema.permissions import require
from graph.schema.reservation_inputs import (
    MAX_BATCH,
    CancelReservationInput,
    CreateReservationInput,
    CreateReservationsItem,
    IgnoreRules,
    ReportNoShowInput,
    ReservationId,
    UpdateReservationInput,
    UpdateReservationsItem,
    Version,
    draft_of,
)
from graph.schema.reservation_payloads import (
    DeleteReservationPayload,
    ReservationPayload,
    ReservationsPayload,
    check_batch,
    reservation_payload,
)
from providers.capabilities import Capability
from providers.changes import Cancellation, NoShow, ReservationChange, Written
from providers.model import Reservation

T = TypeVar("T")
Payload = Awaitable[ReservationPayload]

_CANCEL = Annotated[CancelReservationInput | None, strawberry.argument(description="Who calls it off, and why.")]


@strawberry.type
class ReservationChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Make a reservation. Its nights are checked and held first, so that no two requests get them. "
        "Needs WRITE.",
        graphql_type=ReservationPayload,
    )
    async def create_reservation(
        self,
        info: Info,
        input: Annotated[  # noqa: A002  # the schema's name
            CreateReservationInput, strawberry.argument(description="The reservation.")
        ],
        idempotency_key: IdempotencyKey = None,
        ignore_rules: IgnoreRules = False,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)
        return await _created(info, input, idempotency_key, ignore_rules=ignore_rules, dry_run=dry_run)

    @strawberry.mutation(
        description=f"Make several reservations, 1 to {MAX_BATCH}. Each is made, or refused, for itself. Needs WRITE.",
        graphql_type=ReservationsPayload,
    )
    async def create_reservations(
        self,
        info: Info,
        items: Annotated[list[CreateReservationsItem], strawberry.argument(description="The reservations.")],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        def create(item: CreateReservationsItem) -> Payload:
            return _created(info, item.input, item.idempotency_key, ignore_rules=item.ignore_rules, dry_run=dry_run)

        return await _each(items, create)

    @strawberry.mutation(
        description="Change a reservation: what is left out stays as it is. Needs WRITE.",
        graphql_type=ReservationPayload,
    )
    async def update_reservation(
        self,
        info: Info,
        id: ReservationId,  # noqa: A002  # the schema's name
        input: Annotated[  # noqa: A002  # the schema's name
            UpdateReservationInput, strawberry.argument(description="What to change.")
        ],
        version: Version = None,
        ignore_rules: IgnoreRules = False,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)
        return await _updated(info, id, version, input, ignore_rules=ignore_rules, dry_run=dry_run)

    @strawberry.mutation(
        description=f"Change several reservations, 1 to {MAX_BATCH}. Each is changed, or refused, for itself. Needs "
        "WRITE.",
        graphql_type=ReservationsPayload,
    )
    async def update_reservations(
        self,
        info: Info,
        items: Annotated[list[UpdateReservationsItem], strawberry.argument(description="The changes.")],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        def update(item: UpdateReservationsItem) -> Payload:
            return _updated(info, item.id, item.version, item.input, ignore_rules=item.ignore_rules, dry_run=dry_run)

        return await _each(items, update)

    @strawberry.mutation(
        description="Call a reservation off. It stays in the PMS as a cancelled one. Needs WRITE.",
        graphql_type=ReservationPayload,
    )
    async def cancel_reservation(
        self,
        info: Info,
        id: ReservationId,  # noqa: A002  # the schema's name
        input: _CANCEL = None,  # noqa: A002  # the schema's name
        version: Version = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def cancel(ref: Ref) -> Done[Written[Reservation]]:
            given = CancelReservationInput() if input is None else input
            changes = info.context.administration.reservations
            return await changes.cancel(
                info.context.operation,
                ref,
                version,
                lambda account: changed_model(given, Cancellation, provider=account.provider),
                dry_run=dry_run,
            )

        return await _changed(info, id, cancel)

    @strawberry.mutation(
        description="Report that the guest of a reservation did not come. Needs WRITE.",
        graphql_type=ReservationPayload,
    )
    async def report_no_show(
        self,
        info: Info,
        id: ReservationId,  # noqa: A002  # the schema's name
        input: Annotated[  # noqa: A002  # the schema's name
            ReportNoShowInput | None, strawberry.argument(description="What becomes of the fees.")
        ] = None,
        version: Version = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def report(ref: Ref) -> Done[Written[Reservation]]:
            no_show = NoShow() if input is None else changed_model(input, NoShow)
            changes = info.context.administration.reservations
            return await changes.report_no_show(info.context.operation, ref, version, no_show, dry_run=dry_run)

        return await _changed(info, id, report)

    @strawberry.mutation(
        description="Remove a reservation for good, or where the PMS knows no removal, call it off: one that is "
        "called off already is no failure there. One that is not there is NOT_FOUND. Needs WRITE.",
        graphql_type=DeleteReservationPayload,
    )
    async def delete_reservation(
        self,
        info: Info,
        id: ReservationId,  # noqa: A002  # the schema's name
        version: Version = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def delete(ref: Ref) -> Done[Written[Reservation]]:
            changes = info.context.administration.reservations
            return await changes.delete(info.context.operation, ref, version, dry_run=dry_run)

        carried = await _carried(info, id, delete)
        shown: Any = carried.refusal.reservation if isinstance(carried.refusal, Stale) else None
        if carried.value is not None:
            shown = carried.value.record
        deleted = id if carried.value is not None else None
        return DeleteReservationPayload(deleted_id=deleted, reservation=shown, **carried.fields())


async def _created(
    info: Info, given: CreateReservationInput, key: str | None, *, ignore_rules: bool, dry_run: bool
) -> ReservationPayload:
    changes, operation = info.context.administration.reservations, info.context.operation

    async def create(ref: Ref) -> Done[Written[Reservation]]:
        account = await changes.account(operation, ref, "listingId", Capability.CREATE_RESERVATIONS)
        draft = draft_of(given, account, ref.provider_id)
        booking = changes.booking(operation, account, draft, ignore_rules=ignore_rules)
        return await changes.create(account, booking, key, replace(draft, card=None), dry_run=dry_run)

    carried = await _carried(info, given.listing_id, create, field="listingId", kind=ids.LISTING)
    return await reservation_payload(info, _account_of(carried), carried)


async def _updated(
    info: Info, id_: str, version: str | None, given: Any, *, ignore_rules: bool, dry_run: bool
) -> ReservationPayload:
    changes = info.context.administration.reservations

    async def update(ref: Ref) -> Done[Written[Reservation]]:
        return await changes.update(
            info.context.operation,
            ref,
            version,
            lambda account: changed_model(given, ReservationChange, provider=account.provider),
            ignore_rules=ignore_rules,
            dry_run=dry_run,
        )

    return await _changed(info, id_, update)


async def _changed(
    info: Info, id_: str, work: Callable[[Ref], Awaitable[Done[Written[Reservation]]]]
) -> ReservationPayload:
    carried = await _carried(info, id_, work)
    return await reservation_payload(info, _account_of(carried), carried)


async def _carried(
    info: Info,
    id_: str,
    work: Callable[[Ref], Awaitable[Done[Written[Reservation]]]],
    *,
    field: str = "id",
    kind: str = ids.RESERVATION,
) -> Carried[Written[Reservation]]:
    """Make a change of the object that an id names."""
    try:
        ref = given_ref(id_, field, kind)
    except Rejected as refusal:
        return Carried(refusal=refusal)
    return await carried_out(info, work(ref), id_)


def _account_of(carried: Carried[Any]) -> str:
    return next(iter(carried.account_ids), "")


async def _each(items: Sequence[T], change: Callable[[T], Payload]) -> ReservationsPayload:
    """Change all of a list at once, each for itself."""
    if (refusal := check_batch(items)) is not None:
        return ReservationsPayload(results=[], **Carried(refusal=refusal).fields())
    with counting() as calls:
        results = list(await asyncio.gather(*(one_of_several(change(each), _failed) for each in items)))
    accounts = list(dict.fromkeys(id_ for each in results for id_ in each.cost.account_ids))
    return ReservationsPayload(results=results, **Carried(calls=calls.count, account_ids=accounts).fields())


def _failed(carried: Carried[Any]) -> ReservationPayload:
    return ReservationPayload(reservation=None, **carried.fields())
