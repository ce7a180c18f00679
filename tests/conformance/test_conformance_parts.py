"""What belongs to listings and to the account: fees, taxes, units, agreements, rules, policies, users, dictionaries."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from typing import Any

import pytest

from providers.capabilities import Capability
from providers.contract import Plugin, ProviderClient, capabilities
from providers.errors import NotSupported
from providers.model import Channel, CustomFieldObject, DictionaryKind, PolicyEvent, ProviderUser
from providers.quality.claims import bounds_of
from providers.quality.reads import records_of
from providers.queries import Batch
from tests.conformance.connection import connected, ids_of, secret_fields, with_capabilities
from tests.conformance.known import Known
from tests.conformance.requests import unknown_id
from tests.conformance.test_conformance_batches import NO_IDS, assert_in_the_api
from tests.virtual_time import in_virtual_time

PARTS = {
    "fees": Capability.FEES,
    "taxes": Capability.TAXES,
    "units": Capability.UNITS,
    "agreements": Capability.AGREEMENTS,
    "pricing_settings": Capability.PRICING_SETTINGS,
}
ReadParts = Callable[[Sequence[str]], Awaitable[Batch[Any]]]

every_part = pytest.mark.parametrize("part", PARTS)


def reader(client: ProviderClient, part: str) -> ReadParts:
    """The read of one kind of parts; skips where the plugin has none."""
    if PARTS[part] not in capabilities(type(client)):
        pytest.skip("the plugin cannot read these")
    read: ReadParts = getattr(client, part)
    return read


def parts_of(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


@every_part
@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_parts_come_for_every_listing_that_exists_and_for_no_other(
    plugin: Plugin, known: Known, part: str
) -> None:
    ids = ids_of(known.listings)
    unknown = unknown_id(ids)
    async with connected(plugin) as there:
        read = reader(there.client, part)
        await there.warm_up()
        whole, calls = await there.cost(read(ids))
        assert calls <= bounds_of(plugin).part_batch(len(ids))
        assert (whole.found.keys(), whole.failed) == (set(ids), {})
        beside = await read([*ids, unknown])
        assert (beside.found, beside.failed) == (whole.found, {})
        alone = await read(ids[:1])
        assert alone.found == {ids[0]: whole.found[ids[0]]}
        twice = await read(ids[:1] * 2)
        assert twice.found == alone.found
        nothing, calls = await there.cost(read([]))
        assert (nothing.found, nothing.failed, calls) == ({}, {}, 0)


@every_part
@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_texts_that_are_no_ids_have_no_parts(plugin: Plugin, known: Known, part: str) -> None:
    listing = known.listings[0].provider_id
    async with connected(plugin) as there:
        read = reader(there.client, part)
        await there.warm_up()
        batch, calls = await there.cost(read(NO_IDS))
        assert (batch.found, batch.failed, calls) == ({}, {}, 0)
        assert (await read([*NO_IDS, listing])).found.keys() == {listing}
        assert_in_the_api(plugin, await there.calls())


@every_part
@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_the_simulator_shows_every_kind_of_part(plugin: Plugin, known: Known, part: str) -> None:
    async with connected(plugin) as there:
        batch = await reader(there.client, part)(ids_of(known.listings))
    found = [each for value in batch.found.values() for each in parts_of(value)]
    assert found, "the simulator has none: nothing is tested"
    ids = [each.provider_id for each in found if hasattr(each, "provider_id")]
    assert all(ids)


@with_capabilities(Capability.CANCELLATION_POLICIES)
@in_virtual_time
async def test_cancellation_policies_are_told_by_channel_with_their_steps(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        await there.warm_up()
        every = records_of(await there.client.cancellation_policies(()))
        assert any(each.items for each in every), "the simulator has no policy with steps"
        keys = Counter((each.channel, each.provider_id) for each in every)
        assert set(keys.values()) == {1}
        for channel in {each.channel for each in every}:
            some, calls = await there.cost(there.client.cancellation_policies({channel}))
            assert records_of(some) == [each for each in every if each.channel is channel]
            assert calls >= 1
        missing = set(Channel) - {each.channel for each in every}
        assert records_of(await there.client.cancellation_policies(missing)) == []
    for step in (step for each in every for step in each.items or []):
        assert step.refund_percentage is None or 0 <= step.refund_percentage <= 100, step
        assert step.provider_event or step.event is not PolicyEvent.OTHER, step


@with_capabilities(Capability.LISTINGS, Capability.CANCELLATION_POLICIES)
@in_virtual_time
async def test_policies_that_listings_name_exist(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        policies = records_of(await there.client.cancellation_policies(()))
    held = {(each.channel, each.provider_id) for each in policies}
    named = {(ref.channel, ref.policy_id) for each in known.listings for ref in each.cancellation_policies or []}
    assert named <= held


@with_capabilities(Capability.USERS)
@in_virtual_time
async def test_users_are_told_without_a_secret_of_theirs(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        batch, calls = await there.cost(there.client.users())
        secrets = {*secret_fields(there.config).values(), *(token.access for token in there.tokens.saved)}
        assert calls >= 1
    users = batch.found.values()
    assert all(key == user.provider_id for key, user in batch.found.items())
    assert not batch.failed
    assert users, "the simulator has no user"
    for user in users:
        values = [getattr(user, each.name) for each in fields(user)]
        assert not any(secret in str(value) for secret in secrets for value in values)
    assert not any(
        "password" in each.name or "key" in each.name or "code" in each.name for each in fields(ProviderUser)
    )


@with_capabilities(Capability.USERS, Capability.LISTINGS)
@in_virtual_time
async def test_users_see_listings_that_exist(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        users = records_of(await there.client.users())
    for user in users:
        assert set(user.listing_ids or ()) <= set(ids_of(known.listings)), user.provider_id


@with_capabilities(Capability.DICTIONARIES)
@in_virtual_time
async def test_dictionaries_have_words_with_ids_of_their_own(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        for kind in there.client.dictionaries:
            entries = await there.client.dictionary(kind)
            ids = [each.provider_id for each in entries]
            assert entries, kind
            assert len(set(ids)) == len(ids), kind
            assert all(each.provider_id and each.name for each in entries), kind
        for kind in set(DictionaryKind) - there.client.dictionaries:
            with pytest.raises(NotSupported):
                await there.client.dictionary(kind)


@with_capabilities(Capability.DICTIONARIES, Capability.LISTINGS)
@in_virtual_time
async def test_amenities_of_listings_are_words_of_the_dictionary(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        if DictionaryKind.AMENITIES not in there.client.dictionaries:
            pytest.skip("the PMS has no dictionary of amenities")
        words = {each.provider_id: each for each in await there.client.dictionary(DictionaryKind.AMENITIES)}
    named = {each.provider_id for listing in known.listings for each in listing.amenities or []}
    assert named, "the simulator's listings offer nothing"
    assert named <= words.keys()


@with_capabilities(Capability.CUSTOM_FIELDS, Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_custom_fields_are_those_that_records_hold_values_of(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        declared = await there.client.custom_fields()
    assert declared, "the simulator has no custom field"
    ids = {each.provider_id for each in declared}
    assert len(ids) == len(declared)
    for records, kind in (
        (known.listings, CustomFieldObject.LISTING),
        (known.reservations, CustomFieldObject.RESERVATION),
    ):
        used = {value.field_id for each in records for value in each.custom_fields or []}  # type: ignore[attr-defined]
        assert used <= {each.provider_id for each in declared if each.of is kind}
