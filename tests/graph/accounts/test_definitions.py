"""Integration definitions as a service, on both databases: one row a provider, sealed, known through outages."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from graph.accounts.accounts import Accounts
from graph.accounts.definitions import Definitions
from graph.accounts.synced_fields import fields_off
from graph.accounts.vault import Vault
from graph.storage.database import Database
from graph.storage.failures import StorageUnavailable
from providers.errors import AuthenticationFailed
from providers.manifest import AuthType
from providers.model import NOTHING_OFF, ListingField
from providers.upstream.partner import NO_PARTNER_KEY
from tests.acme_world import AcmeConfig, Estate, catalogued
from tests.graph.accounts.conftest import HandClock

KEY = {"headers": {"X-Partner": "pk_0123456789"}, "queryParams": {"client_id": "us"}}


@pytest.fixture(autouse=True)
def estates(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Estate]]:
    """ACME and BARE are the providers there are."""
    with catalogued(monkeypatch) as made:
        yield made


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def vault() -> Vault:
    return Vault([os.urandom(32)])


@pytest.fixture
def definitions(database: Database, vault: Vault, clock: HandClock) -> Definitions:
    return Definitions(database, vault, clock=clock)


async def test_many_who_look_first_make_one_row(database: Database, vault: Vault, clock: HandClock) -> None:
    several = [Definitions(database, vault, clock=clock) for _ in range(4)]
    found = await asyncio.gather(*(each.list() for each in several))
    assert all(each == found[0] for each in found)
    assert [each.provider for each in found[0]] == ["ACME", "BARE"]


async def test_another_process_knows_the_key_a_second_later(
    definitions: Definitions, database: Database, vault: Vault, clock: HandClock
) -> None:
    other = Definitions(database, vault, clock=clock)
    assert await other.partner_key("ACME") == NO_PARTNER_KEY
    await definitions.update("acme", {"partnerKey": KEY})
    assert (await definitions.partner_key("ACME")).headers == KEY["headers"]
    clock.elapsed += 1.0
    assert (await other.partner_key("ACME")).query == KEY["queryParams"]
    assert await other.partner_key("BARE") == NO_PARTNER_KEY


async def test_the_last_known_key_is_used_while_the_database_is_away(
    definitions: Definitions, database: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await definitions.update("ACME", {"partnerKey": KEY})
    known = await definitions.partner_key("ACME")

    def away() -> None:
        raise StorageUnavailable

    monkeypatch.setattr(database, "reading", away)
    clock.elapsed += 5.0
    assert await definitions.partner_key("ACME") == known
    with pytest.raises(StorageUnavailable):
        await definitions.partner_key("BARE")


async def test_a_key_that_ours_do_not_open_is_said_so(
    definitions: Definitions, database: Database, clock: HandClock
) -> None:
    await definitions.update("ACME", {"partnerKey": KEY})
    other = Definitions(database, Vault([os.urandom(32)]), clock=clock)
    with pytest.raises(AuthenticationFailed, match="stored partner key cannot be opened"):
        await other.partner_key("ACME")


async def test_accounts_are_read_with_what_their_provider_leaves_out(
    definitions: Definitions, database: Database, vault: Vault, clock: HandClock
) -> None:
    accounts = Accounts(database, vault, clock=clock)
    definitions.when_changed(accounts.reread)
    told: list[str] = []
    accounts.when_fields_change(lambda account: told.append(account.id))
    first = await accounts.add("default", "ACME", "1", AuthType.API_KEY, AcmeConfig(number="1"))
    bare = await accounts.add("default", "BARE", "3", AuthType.API_KEY, AcmeConfig(number="3"))
    assert (await accounts.list("default"))[0].fields_off == NOTHING_OFF
    await definitions.update(
        "ACME", {"fieldsToSync": {"listing": {key.value: key is not ListingField.NAME for key in ListingField}}}
    )
    by_id = {each.id: each.fields_off for each in await accounts.list("default")}
    assert by_id == {first.id: {ListingField.NAME}, bare.id: NOTHING_OFF}
    assert told == [first.id]
    second = await accounts.add("default", "ACME", "2", AuthType.API_KEY, AcmeConfig(number="2"))
    changed = await accounts.change("default", first.id, lambda options: options)
    assert second.fields_off == changed.fields_off == {ListingField.NAME}


def test_what_was_stored_before_a_key_existed_has_it_off() -> None:
    stored = {key.value: True for key in ListingField if key is not ListingField.RATING}
    assert fields_off(stored) == {ListingField.RATING}
    assert fields_off(None) == NOTHING_OFF
