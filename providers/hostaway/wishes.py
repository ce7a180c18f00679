"""Wishes about the components of a price, in Hostaway's words (Hostaway documentation, Price details with extras).

An extra is named by its fee setting and that setting's type, both. So wishes are looked up among the listing's fee
settings first; one that names none of them is about a line that Hostaway adds by itself, such as ``cleaningFee``.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from providers.errors import NotSupported
from providers.hostaway.wire import WireFinanceLine
from providers.hostaway.wire_parts import WireFee
from providers.queries import QuoteComponent

Body = dict[str, Any]


def json_number(amount: Decimal) -> int | float:
    """An amount as Hostaway takes it: a JSON number in major units. Its shortest digits are those of the amount."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def component_bodies(wishes: Iterable[QuoteComponent], fees: Sequence[WireFee]) -> list[Body]:
    """The wishes as items of ``components``. Raises ``NotSupported`` for one that cannot be expressed."""
    return [_body(wish, fees) for wish in wishes]


def check_heeded(wishes: Iterable[QuoteComponent], lines: Sequence[WireFinanceLine]) -> None:
    """Raises ``NotSupported`` where the lines of an answer are not as wished."""
    for wish in wishes:
        meant = [line for line in lines if _is_meant(wish, line) and not line.is_deleted]
        if wish.deleted:
            heeded = not meant
        elif wish.amount is not None:
            heeded = any(line.total == wish.amount for line in meant)
        elif wish.quantity is not None and wish.quantity > 1:
            heeded = any(line.quantity == wish.quantity for line in meant)
        else:
            heeded = bool(meant)
        if not heeded:
            raise NotSupported(f"Hostaway's quote does not heed what was asked of {_named(wish)}.")


def _body(wish: QuoteComponent, fees: Sequence[WireFee]) -> Body:
    fee = _fee(wish, fees)
    _check(wish, fee)
    body: Body = {
        "listingFeeSettingId": int(fee.id) if fee else None,
        "name": fee.fee_type if fee else wish.name,
    }
    if wish.deleted:
        body["isDeleted"] = 1
    elif wish.amount is not None:
        body |= {"isOverriddenByUser": 1, "value": json_number(wish.amount)}
    elif wish.quantity is not None and fee is not None and fee.is_quantity_selectable:
        body |= {"isQuantitySelectable": 1, "quantity": wish.quantity}
    return body


def _fee(wish: QuoteComponent, fees: Sequence[WireFee]) -> WireFee | None:
    """The fee setting that is meant: by id, else by its type."""
    if wish.fee_id is not None:
        for fee in fees:
            if fee.id == wish.fee_id and (wish.name is None or _same(wish.name, fee.fee_type)):
                return fee
        raise NotSupported(f"The listing has no {_named(wish)} in Hostaway.")
    named = [fee for fee in fees if _same(wish.name, fee.fee_type)]
    if len(named) > 1:
        raise NotSupported(f"The listing has several fees of the type of {_named(wish)}: name one by its id.")
    return named[0] if named else None


def _check(wish: QuoteComponent, fee: WireFee | None) -> None:
    """Refuses what Hostaway has no words for."""
    if sum((wish.deleted, wish.amount is not None, wish.quantity is not None)) > 1:
        raise NotSupported(f"Hostaway takes one of amount, quantity and deleted for {_named(wish)}, not several.")
    if fee is None and wish.amount is None and not wish.deleted:
        raise NotSupported(f"The listing has no fee to add as {_named(wish)} in Hostaway.")
    if fee is not None and not (fee.id.isascii() and fee.id.isdigit()):
        raise NotSupported(f"Hostaway's id of {_named(wish)} is no number, so it cannot be asked for.")
    if wish.quantity is not None:
        if wish.quantity < 1:
            raise NotSupported(f"The quantity of {_named(wish)} must be at least 1; to leave it out, delete it.")
        if wish.quantity > 1 and not (fee and fee.is_quantity_selectable):
            raise NotSupported(f"Hostaway takes no quantity of {_named(wish)}.")


def _is_meant(wish: QuoteComponent, line: WireFinanceLine) -> bool:
    if wish.fee_id is not None:
        return line.listing_fee_setting_id == wish.fee_id
    return _same(wish.name, line.name)


def _same(one: str | None, other: str | None) -> bool:
    """Names of lines differ in case between Hostaway's tables and samples."""
    return one is not None and other is not None and one.casefold() == other.casefold()


def _named(wish: QuoteComponent) -> str:
    return f"fee {wish.fee_id}" if wish.fee_id is not None else f'component "{wish.name}"'
