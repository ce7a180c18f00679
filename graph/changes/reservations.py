"""Changes of reservations: each made once, of the state that it was based on, without a double booking."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from graph.accounts.accounts import ConnectedAccount
from graph.changes.booking import Agreed, Booking
from graph.changes.checks import insane, refuse
from graph.changes.edits import Desk, Edit, Update
from graph.changes.ledger import Creation, checked_key, new_reference
from graph.changes.once import Once
from graph.changes.stays import Stays
from graph.changes.writing import Done, Writing
from graph.gateway.cursors import fingerprint
from graph.gateway.gateway import Gateway
from graph.gateway.operation import Operation
from graph.gateway.refs import Ref
from graph.rejections import RejectionCode, rejected
from providers.capabilities import Capability
from providers.changes import Cancellation, NoShow, Omitted, ReservationChange, ReservationDraft, Written, given
from providers.contract import ProviderClient
from providers.model import Reservation
from providers.upstream.clock import Clock

_NO_CHANGE = frozenset({"force_overbooking"})


class ReservationChanges:
    """Makes, changes and calls off reservations of a tenant's own accounts. ``call_timeout`` is a call's, in seconds.

    All raise ``Rejected``; nothing was changed then, unless its code is ``UNCERTAIN``. With ``dry_run`` nothing is
    changed, held or written down.
    """

    def __init__(
        self,
        writing: Writing,
        once: Once,
        gateway: Gateway,
        stays: Stays,
        clock: Clock,
        call_timeout: float,
    ) -> None:
        self._writing = writing
        self._once = once
        self._desk = Desk(gateway=gateway, stays=stays, clock=clock, call_timeout=call_timeout)

    async def account(self, operation: Operation, ref: Ref, field: str, *needed: Capability) -> ConnectedAccount:
        """The tenant's own account of an object, able to do what is needed. Raises ``Rejected``."""
        return await self._writing.account(operation.tenant_id, ref.account_id, field, *needed)

    def booking(
        self,
        operation: Operation,
        account: ConnectedAccount,
        draft: ReservationDraft,
        *,
        agreed: Agreed | None = None,
        ignore_rules: bool = False,
    ) -> Booking:
        """A reservation to ``create``. Its price is in it afterwards."""
        return Booking(
            operation,
            account,
            draft,
            stays=self._desk.stays,
            prices=self._desk.gateway.prices,
            clock=self._desk.clock,
            agreed=agreed,
            ignore_rules=ignore_rules,
        )

    async def create(
        self, account: ConnectedAccount, booking: Booking, key: str | None, content: object, *, dry_run: bool = False
    ) -> Done[Written[Reservation]]:
        """Make a reservation, once for a ``key``. ``content`` is all of the input but a card.

        Made before under this key, the outcome has no record: read it.
        """
        checked_key(key)
        if dry_run:
            return await self._writing.rehearse(account, lambda client: booking.rehearse(client, new_reference()))
        creation = Creation(
            tenant_id=account.tenant_id, account_id=account.id, key=key, content=fingerprint("reservation", content)
        )
        return await self._once.make(account, creation, booking)

    async def update(
        self,
        operation: Operation,
        ref: Ref,
        version: str | None,
        change: Callable[[ConnectedAccount], ReservationChange],
        *,
        ignore_rules: bool = False,
        dry_run: bool = False,
    ) -> Done[Written[Reservation]]:
        """Change a reservation. ``change`` makes the change for an account of whatever provider."""
        account = await self.account(operation, ref, "id", Capability.UPDATE_RESERVATIONS)
        wanted = change(account)
        if not set(given(replace(wanted, extras=Omitted.OMITTED))) - _NO_CHANGE and wanted.extras is None:
            raise rejected("", RejectionCode.REQUIRED, "Nothing to change is named.")
        edit = Update(self._desk, operation, account, ref, version, wanted, ignore_rules=ignore_rules, is_dry=dry_run)
        return await self._carried(edit, edit.make, dry_run=dry_run)

    async def cancel(
        self,
        operation: Operation,
        ref: Ref,
        version: str | None,
        cancellation: Callable[[ConnectedAccount], Cancellation],
        *,
        dry_run: bool = False,
    ) -> Done[Written[Reservation]]:
        """Call a reservation off."""
        account = await self.account(operation, ref, "id", Capability.CANCEL_RESERVATIONS)
        how = cancellation(account)
        refuse(insane(how, account.provider))
        edit = Edit(self._desk, operation, account, ref, version, is_dry=dry_run)
        return await self._carried(edit, lambda client: edit.cancel(client, how), dry_run=dry_run)

    async def report_no_show(
        self, operation: Operation, ref: Ref, version: str | None, no_show: NoShow, *, dry_run: bool = False
    ) -> Done[Written[Reservation]]:
        """Report that the guest of a reservation did not come."""
        account = await self.account(operation, ref, "id", Capability.REPORT_NO_SHOWS)
        edit = Edit(self._desk, operation, account, ref, version, is_dry=dry_run)
        return await self._carried(
            edit,
            lambda client: edit.end(client, lambda: client.report_no_show(ref.provider_id, no_show)),
            dry_run=dry_run,
        )

    async def delete(
        self, operation: Operation, ref: Ref, version: str | None, *, dry_run: bool = False
    ) -> Done[Written[Reservation]]:
        """Remove a reservation for good; where the PMS knows no removal, call it off: then the outcome has a record."""
        account = await self.account(operation, ref, "id")
        edit = Edit(self._desk, operation, account, ref, version, is_dry=dry_run)
        if not self._writing.can(account, Capability.DELETE_RESERVATIONS):
            await self.account(operation, ref, "id", Capability.CANCEL_RESERVATIONS)
            return await self._carried(edit, edit.call_off, dry_run=dry_run)

        async def gone(client: ProviderClient) -> Written[Reservation]:
            await client.delete_reservation(ref.provider_id)
            return Written(id=ref.provider_id)

        return await self._carried(edit, lambda client: edit.end(client, lambda: gone(client)), dry_run=dry_run)

    async def _carried(
        self, edit: Edit, work: Callable[[ProviderClient], Awaitable[Written[Reservation]]], *, dry_run: bool
    ) -> Done[Written[Reservation]]:
        if dry_run:
            return await self._writing.rehearse(edit.account, work)
        return await self._writing.make(edit.account, work, edit.touched, record=edit.record)
