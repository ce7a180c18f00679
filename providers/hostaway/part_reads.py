"""The reads of a Hostaway account beside listings, reservations, calendars and quotes."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from providers.contract import ProviderClient, Session
from providers.errors import NotSupported, ProviderError, UpstreamInvalid
from providers.hostaway.fanning import Fan
from providers.hostaway.manifest import CODE
from providers.hostaway.paging import Walk, is_id
from providers.hostaway.parts import (
    build_agreement,
    build_fee,
    build_pricing_settings,
    build_tax,
    build_unit,
    is_flat,
)
from providers.hostaway.people import build_user
from providers.hostaway.policies import POLICY_LISTS, build_policy
from providers.hostaway.pricing import FEES
from providers.hostaway.reading import Reader
from providers.hostaway.wire_parts import (
    WireAgreement,
    WireCustomField,
    WireFee,
    WirePolicy,
    WirePricingSettings,
    WireTax,
    WireUnit,
    WireUser,
)
from providers.hostaway.words import (
    DICTIONARIES,
    LISTS,
    OBJECTS,
    build_custom_field,
    channel_entries,
    list_entries,
    object_entries,
)
from providers.model import (
    CancellationPolicy,
    Channel,
    CustomField,
    DictionaryEntry,
    DictionaryKind,
    ListingFee,
    ListingTax,
    ListingUnit,
    PricingSettings,
    ProviderUser,
    RentalAgreement,
)
from providers.queries import Batch, OddRecord
from providers.wire import WireModel, parse_records

M = TypeVar("M", bound=WireModel)
T = TypeVar("T")

_WITH_LISTINGS = (("includeResources", "1"),)


class PartReads(ProviderClient):
    """One call a listing for its fees, taxes, units, agreement or pricing settings: none takes several."""

    provider = CODE
    dictionaries = DICTIONARIES

    def __init__(self, session: Session, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._reader = Reader(session)
        self._account_id = session.account_id
        self._now = now
        self._currencies: dict[str, str] = {}

    async def fees(self, listing_ids: Sequence[str]) -> Batch[list[ListingFee]]:
        """One call a listing; listings are read, too, where an amount needs the currency of one not met before."""
        sent = await self._rows_of(listing_ids, FEES)
        settings = _read(WireFee, sent)
        sent.fail(await self._without_currency(key for key, (fees, _) in settings.items() if any(map(is_flat, fees))))
        found = {
            key: [build_fee(fee, self._currencies.get(key)) for fee in fees]
            for key, (fees, _) in settings.items()
            if key not in sent.failed
        }
        return self._parts(found, sent, {key: odd for key, (_, odd) in settings.items()})

    async def taxes(self, listing_ids: Sequence[str]) -> Batch[list[ListingTax]]:
        """One call a listing and one for the account's own taxes, which are told with each listing."""
        wanted = [each for each in listing_ids if is_id(each)]
        if not wanted:
            return self._batch({}, {}, None)
        general = await self._reader.rows("/v1/accountTaxSettings")(())
        shared, strange = parse_records(WireTax, general.rows, lambda wire: wire)
        sent = await self._rows_of(wanted, "/v1/listingTaxSettings")
        settings = _read(WireTax, sent)
        flat = any(map(is_flat, shared))
        sent.fail(
            await self._without_currency(
                key for key, (taxes, _) in settings.items() if flat or any(map(is_flat, taxes))
            )
        )
        found = {
            key: [
                *(build_tax(tax, self._currencies.get(key), account_wide=False) for tax in taxes),
                *(build_tax(tax, self._currencies.get(key), account_wide=True) for tax in shared),
            ]
            for key, (taxes, _) in settings.items()
            if key not in sent.failed
        }
        return self._parts(found, sent, {key: [*odd, *strange] for key, (_, odd) in settings.items()})

    async def units(self, listing_ids: Sequence[str]) -> Batch[list[ListingUnit]]:
        """One call a listing."""
        return await self._listed(listing_ids, "/v1/listingUnits", WireUnit, build_unit)

    async def agreements(self, listing_ids: Sequence[str]) -> Batch[list[RentalAgreement]]:
        """One call a listing."""
        return await self._listed(listing_ids, "/v1/listingAgreement", WireAgreement, build_agreement)

    async def pricing_settings(self, listing_ids: Sequence[str]) -> Batch[PricingSettings]:
        """One call a listing. A listing of which Hostaway keeps no settings has no entry."""
        batch = await self._listed(
            listing_ids, "/v1/listing/pricingSettings", WirePricingSettings, build_pricing_settings
        )
        found = {key: settings[0] for key, settings in batch.found.items() if settings}
        return Batch(found=found, failed=batch.failed, fetched_at=batch.fetched_at, odd=batch.odd)

    async def cancellation_policies(self, channels: Collection[Channel]) -> Batch[list[CancellationPolicy]]:
        """One call for each channel that has policies; a channel whose list does not exist has none."""

        async def one(channel: str) -> tuple[list[Any], datetime]:
            sent = await self._reader.rows(POLICY_LISTS[Channel[channel]])(())
            return sent.rows, sent.received_at

        wanted = [each.value for each in POLICY_LISTS if not channels or each in channels]
        sent = await Fan[str, list[Any]]().read(wanted, one)
        return self._told(sent, lambda key, rows: parse_records(WirePolicy, rows, _policy_of(Channel[key])))

    async def users(self) -> Batch[ProviderUser]:
        """One call, and one for each user of whom the list does not tell the listings.

        ``includeResources``, which adds them, is documented for single users; a list may know it as well.
        """
        sent = await self._reader.rows("/v1/users")(_WITH_LISTINGS)
        people, odd = parse_records(WireUser, sent.rows, build_user)

        async def one(user_id: str) -> tuple[ProviderUser, datetime]:
            record, at = await self._reader.record("/v1/user", user_id, _WITH_LISTINGS)
            items, strange = parse_records(WireUser, [record], build_user)
            if strange:
                raise self._odd(strange[0])
            return items[0], at

        lacking = [each.provider_id for each in people if each.listing_ids is None and is_id(each.provider_id)]
        single = await Fan[str, ProviderUser]().read(lacking, one)
        found = {each.provider_id: _completed(each, single.found.get(each.provider_id)) for each in people}
        batch = self._batch(found, single.failed, sent.received_at)
        batch.odd = {each.id or "": [each] for each in odd}
        return batch

    async def dictionary(self, kind: DictionaryKind) -> list[DictionaryEntry]:
        """One call; none for the channels, which are a fixed table."""
        if kind is DictionaryKind.CHANNELS:
            return channel_entries()
        if kind in LISTS:
            return list_entries(kind, (await self._reader.rows(LISTS[kind])(())).rows)
        if kind in OBJECTS:
            return object_entries(kind, await self._reader.mapping(OBJECTS[kind]))
        raise self._signed(NotSupported("Hostaway has no such dictionary."))

    async def custom_fields(self) -> list[CustomField]:
        """One call for each hundred fields, of all objects."""
        walk = Walk(self._reader.rows("/v1/customFields"), (), cursor=False)
        fields: list[CustomField] = []
        with self._reader.signing():
            while not walk.done:
                fields += parse_records(WireCustomField, await walk.next(), build_custom_field)[0]
        return fields

    async def _rows_of(self, listing_ids: Sequence[str], path: str) -> Fan[str, list[Any]]:
        """The raw records of ``path`` for each listing."""

        async def one(listing_id: str) -> tuple[list[Any], datetime]:
            sent = await self._reader.some(f"{path}/{listing_id}")
            return sent.rows, sent.received_at

        return await Fan[str, list[Any]]().read(filter(is_id, listing_ids), one)

    async def _listed(
        self, listing_ids: Sequence[str], path: str, model: type[M], build: Callable[[M], T]
    ) -> Batch[list[T]]:
        sent = await self._rows_of(listing_ids, path)
        return self._told(sent, lambda _, rows: parse_records(model, rows, build))

    def _told(
        self, sent: Fan[str, list[Any]], read: Callable[[str, list[Any]], tuple[list[T], list[OddRecord]]]
    ) -> Batch[list[T]]:
        """Rows by key as unified records by key; ``read`` turns the rows of one key into those and the odd ones."""
        told = {key: read(key, rows) for key, rows in sent.found.items()}
        items = {key: found for key, (found, _) in told.items()}
        return self._parts(items, sent, {key: odd for key, (_, odd) in told.items()})

    async def _without_currency(self, listing_ids: Iterable[str]) -> Mapping[str, ProviderError]:
        """Makes the currencies of listings known; those that are read for it and fail, with why."""
        unmet = [each for each in listing_ids if each not in self._currencies]
        return (await self.listings(unmet)).failed if unmet else {}

    def _parts(
        self, found: dict[str, T], sent: Fan[str, list[Any]], odd: Mapping[str, Sequence[OddRecord]]
    ) -> Batch[T]:
        batch = self._batch(found, sent.failed, sent.oldest)
        batch.odd = {key: records for key, records in odd.items() if records}
        return batch

    def _batch(self, found: dict[str, T], failed: Mapping[str, ProviderError], oldest: datetime | None) -> Batch[T]:
        for error in failed.values():
            self._reader.sign(error)
        return Batch(found=found, failed=dict(failed), fetched_at=oldest or self._now())

    def _odd(self, record: OddRecord) -> ProviderError:
        return self._signed(UpstreamInvalid(f"Hostaway's record cannot be understood: {record.reason}"))

    def _signed(self, error: ProviderError) -> ProviderError:
        self._reader.sign(error)
        return error


def _read(model: type[M], sent: Fan[str, list[Any]]) -> dict[str, tuple[list[M], list[OddRecord]]]:
    return {key: parse_records(model, rows, lambda wire: wire) for key, rows in sent.found.items()}


def _policy_of(channel: Channel) -> Callable[[WirePolicy], CancellationPolicy]:
    return lambda wire: build_policy(wire, channel)


def _completed(user: ProviderUser, single: ProviderUser | None) -> ProviderUser:
    return replace(user, listing_ids=single.listing_ids) if single else user
