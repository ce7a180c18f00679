"""Prices, as clients see them, and how they are asked for."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import strawberry

from graph.gateway.prices import Stay
from graph.gateway.refs import Ref
from graph.schema import ids
from graph.schema.arguments import BadInput, check_guests, check_stay, check_text
from graph.schema.context import Info
from graph.schema.exposing import exposed, exposes
from graph.schema.plain import pure
from providers import model
from providers.queries import QuoteComponent, QuoteRequest

if TYPE_CHECKING:
    from graph.schema.listing import Listing

MAX_COMPONENTS = 50
MAX_QUANTITY = 1000
MAX_MARKUP = 10
MAX_AMOUNT = Decimal(10) ** 9
MAX_DECIMALS = 6


@exposes(model.PriceDetails)
class PriceDetails(model.PriceDetails):
    @strawberry.field(
        description="The listing.",
        graphql_type=Annotated["Listing", strawberry.lazy("graph.schema.listing")] | None,
    )
    async def listing(self, info: Info) -> Any:
        return await info.context.loaders(info).listing_by_id.load(Ref(self.account_id, self.listing_id))

    @strawberry.field(
        description="What the PMS asks in total: without the account's terms.",
        graphql_type=exposed(model.Money | None),
    )
    @pure
    def original_total(self) -> Any:
        return self.total if self.price_modifications is None else self.original_total


_MARKUP = (
    f"Factor on the price, above 1 and at most {MAX_MARKUP}: 1.1 adds 10 %. The PMS applies it, before the account's "
    "terms."
)
_COUPON = "Code of a coupon of the business."
_COMPONENTS = f"Wishes about single components, 1 to {MAX_COMPONENTS}, each component once."


@strawberry.input(
    description="A wish about one component of a price: take an optional fee, some of it, at another amount, or leave "
    "it out."
)
class PriceComponentInput:
    fee_id: str | None = strawberry.field(
        default=None, description="Id of the fee setting in the PMS: `providerId` of a fee. This or `name`."
    )
    name: str | None = strawberry.field(
        default=None, description="The component's machine name, for example cleaningFee. This or `feeId`."
    )
    quantity: int | None = strawberry.field(
        default=None, description=f"How many units, 1 to {MAX_QUANTITY}; left out, what the PMS would count."
    )
    amount: Decimal | None = strawberry.field(
        default=None,
        description="Amount of the component, signed, in the listing's currency; left out, what the PMS would compute.",
    )
    deleted: bool = strawberry.field(default=False, description="True leaves the component out of the price.")


@strawberry.input(description="A stay to be priced.")
class PriceDetailsInput:
    listing_id: strawberry.ID = strawberry.field(description="The listing's id.")
    arrival: date = strawberry.field(description="First night, in the listing's own time zone.")
    departure: date = strawberry.field(description="Day of departure: not a night. 1 to 366 days after arrival.")
    adults: int = strawberry.field(default=1, description="Adults, at least 1.")
    children: int = strawberry.field(default=0, description="Children.")
    markup: Decimal | None = strawberry.field(default=None, description=_MARKUP)
    coupon: str | None = strawberry.field(default=None, description=_COUPON)
    components: list[PriceComponentInput] | None = strawberry.field(default=None, description=_COMPONENTS)


Markup = Annotated[Decimal | None, strawberry.argument(description=_MARKUP)]
Coupon = Annotated[str | None, strawberry.argument(description=_COUPON)]
Components = Annotated[list[PriceComponentInput] | None, strawberry.argument(description=_COMPONENTS)]


class PriceWish(NamedTuple):
    """A stay to be priced at some listing, as it was asked for: not checked yet."""

    arrival: date
    departure: date
    adults: int
    children: int
    markup: Decimal | None
    coupon: str | None
    components: Sequence[PriceComponentInput] | None


def stay_of(given: PriceDetailsInput, argument: str) -> Stay:
    """The stay that is asked for. Raises ``BadInput``."""
    listing = ids.parse(given.listing_id, f"{argument}.listingId", ids.LISTING)
    wish = PriceWish(
        given.arrival,
        given.departure,
        given.adults,
        given.children,
        given.markup,
        given.coupon,
        given.components,
    )
    return stay(listing.ref, wish, argument)


def stay(listing: Ref, wish: PriceWish, argument: str) -> Stay:
    """A checked stay. Raises ``BadInput`` naming the part of ``argument`` that is wrong."""
    prefix = f"{argument}." if argument else ""
    check_stay(wish.arrival, wish.departure, argument)
    return Stay(
        listing.account_id,
        QuoteRequest(
            listing_id=listing.provider_id,
            arrival=wish.arrival,
            departure=wish.departure,
            adults=check_guests(wish.adults, 1, f"{prefix}adults"),
            children=check_guests(wish.children, 0, f"{prefix}children"),
            markup=_markup(wish.markup, f"{prefix}markup"),
            coupon=check_text(wish.coupon, f"{prefix}coupon"),
            components=_components(wish.components, f"{prefix}components"),
        ),
    )


def _markup(markup: Decimal | None, argument: str) -> Decimal | None:
    if markup is not None and not (markup.is_finite() and 1 < markup <= MAX_MARKUP and _fine(markup)):
        allowed = f"a factor above 1, at most {MAX_MARKUP}, with at most {MAX_DECIMALS} decimals"
        raise BadInput(argument, "is not a markup", allowed=allowed)
    return markup


def _components(given: Sequence[PriceComponentInput] | None, argument: str) -> tuple[QuoteComponent, ...]:
    if given is None:
        return ()
    if not 1 <= len(given) <= MAX_COMPONENTS:
        raise BadInput(argument, f"has {len(given)} entries", allowed=f"1 to {MAX_COMPONENTS} entries")
    components = tuple(_component(each, f"{argument}[{n}]") for n, each in enumerate(given))
    named: set[tuple[str, str]] = set()
    for index, each in enumerate(components):
        names = {(kind, name) for kind, name in (("id", each.fee_id), ("name", each.name)) if name}
        if names & named:
            raise BadInput(f"{argument}[{index}]", "names a component again", allowed="each component once")
        named |= names
    return components


def _component(given: PriceComponentInput, argument: str) -> QuoteComponent:
    fee_id, name = check_text(given.fee_id, f"{argument}.feeId"), check_text(given.name, f"{argument}.name")
    if fee_id is None and name is None:
        raise BadInput(argument, "names no component", allowed="feeId or name")
    if given.quantity is not None and not 1 <= given.quantity <= MAX_QUANTITY:
        raise BadInput(f"{argument}.quantity", f"is {given.quantity}", allowed=f"1 to {MAX_QUANTITY}")
    if given.deleted and (given.quantity is not None or given.amount is not None):
        raise BadInput(
            f"{argument}.deleted", "is true beside a quantity or an amount", allowed="deleted alone, or neither"
        )
    return QuoteComponent(
        fee_id=fee_id,
        name=name,
        quantity=given.quantity,
        amount=_amount(given.amount, f"{argument}.amount"),
        deleted=given.deleted,
    )


def _amount(amount: Decimal | None, argument: str) -> Decimal | None:
    if amount is not None and not (amount.is_finite() and abs(amount) < MAX_AMOUNT and _fine(amount)):
        allowed = f"a number between -{MAX_AMOUNT} and {MAX_AMOUNT}, with at most {MAX_DECIMALS} decimals"
        raise BadInput(argument, "is not an amount", allowed=allowed)
    return amount


def _fine(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MAX_DECIMALS
