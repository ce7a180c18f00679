"""BookingSync: the account record, and which account is meant."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.bookingsync import PLUGIN
from providers.capabilities import Capability
from providers.contract import capabilities
from providers.errors import UpstreamInvalid, UpstreamRefused
from providers.model import AccountPreferences, LocalizedText, Phones, ProviderAccount
from tests.providers.bookingsync.plugin_canned import CannedSession, Reply, application, client, last_page, oauth

RECORD: dict[str, Any] = {
    "id": 7,
    "address1": "19 Les Robles",
    "address2": "",
    "business_name": "Business Name",
    "city": "Nevache",
    "country_code": "FR",
    "default_locale": "en",
    "email": "email@example.com",
    "phones": {"phone": "", "mobile": "1234567890", "fax": ""},
    "preferences": {
        "bookings": {
            "default_arrival_time": 16,
            "default_departure_time": 10,
            "default_communication_locale": "en",
        }
    },
    "selected_locales": ["en", "fr"],
    "state": "Hautes-Alpes",
    "status": "trial",
    "website": "http://www.superawesomevillas.com",
    "zip": "05100",
    "created_at": "2023-12-11T08:26:26Z",
    "updated_at": "2023-12-11T08:26:26Z",
}


async def account(record: dict[str, Any]) -> ProviderAccount:
    return await client(CannedSession({"accounts": last_page(accounts=[record])})).account()


async def test_documented_sample_is_read_whole():
    found = await account(RECORD)
    assert found.raw == RECORD
    assert replace(found, raw=None) == ProviderAccount(
        provider_id="7",
        business_name="Business Name",
        email="email@example.com",
        website="http://www.superawesomevillas.com",
        address1="19 Les Robles",
        postal_code="05100",
        city="Nevache",
        state="Hautes-Alpes",
        country_code="FR",
        default_locale="en",
        selected_locales=["en", "fr"],
        status="trial",
        is_demo=False,
        is_test=False,
        phones=Phones(mobile="1234567890"),
        preferences=AccountPreferences(
            default_arrival_hour=16, default_departure_hour=10, default_communication_locale="en"
        ),
        created_at=datetime(2023, 12, 11, 8, 26, 26, tzinfo=UTC),
        updated_at=datetime(2023, 12, 11, 8, 26, 26, tzinfo=UTC),
    )


async def test_fields_that_the_samples_lack_are_read_too():
    found = await account(
        RECORD
        | {
            "demo": True,
            "test": True,
            "inbox_email": "in@example.com",
            "preferences": {
                "bookings": {"default_arrival_end_time": 22, "default_arrival_time": 99},
                "privacy_policy": {"en": "We care.", "fr": ""},
            },
        }
    )
    assert (found.is_demo, found.is_test, found.inbox_email) == (True, True, "in@example.com")
    assert found.preferences == AccountPreferences(
        default_arrival_end_hour=22, privacy_policy=[LocalizedText(locale="en", text="We care.")]
    )


@pytest.mark.parametrize("inbox", [True, False, None, 1])
async def test_inbox_address_of_the_documented_type_is_no_address(inbox):
    assert (await account(RECORD | {"inbox_email": inbox})).inbox_email is None


async def test_known_account_is_read_by_its_id_in_one_call():
    session = CannedSession({"accounts/7": last_page(accounts=[RECORD])})
    assert (await client(session, oauth(accountId=7)).account()).provider_id == "7"
    assert session.paths == ["accounts/7"]


async def test_another_account_than_the_one_asked_for_is_invalid():
    session = CannedSession({"accounts/8": last_page(accounts=[RECORD])})
    with pytest.raises(UpstreamInvalid):
        await client(session, oauth(accountId=8)).account()


async def test_check_takes_one_call():
    session = CannedSession({"accounts": last_page(accounts=[RECORD])})
    await client(session).check()
    assert session.paths == ["accounts"]


async def test_check_of_several_visible_accounts_lists_the_ids_to_choose_from():
    session = CannedSession({"accounts": last_page(accounts=[RECORD, RECORD | {"id": 9}])})
    with pytest.raises(UpstreamRefused, match=r"Set accountId to one of: 7, 9\."):
        await client(session, application()).check()
    with pytest.raises(UpstreamRefused, match="7, 9"):
        await client(session, application()).account()


async def test_check_finds_the_chosen_account_on_any_page():
    def accounts(query):
        number = int(query.get("page", "1"))
        return Reply({"accounts": [RECORD | {"id": number}]}, {"x-total-pages": "3"})

    await client(CannedSession({"accounts": accounts}), application(accountId=3)).check()
    with pytest.raises(UpstreamRefused, match=r"not among the accounts.*1, 2, 3\."):
        await client(CannedSession({"accounts": accounts}), application(accountId=4)).check()


async def test_check_without_any_visible_account_says_so():
    with pytest.raises(UpstreamRefused, match="No BookingSync account has authorized"):
        await client(CannedSession({"accounts": last_page(accounts=[])}), application()).check()


def test_plugin_can_do_everything_that_bookingsync_can():
    unread = {Capability.USERS, Capability.UNITS, Capability.CUSTOM_FIELDS}
    unwritten = {
        Capability.DELETE_RESERVATIONS,
        Capability.REPORT_NO_SHOWS,
        Capability.EXPORT_LISTINGS,
        Capability.CHANGE_AGREEMENTS,
        Capability.CHANGE_PRICING_SETTINGS,
        Capability.CHANGE_CANCELLATION_POLICIES,
        Capability.SUBSCRIBE_WEBHOOKS,
    }
    lacking = unread | unwritten
    assert capabilities(PLUGIN.client_class) == frozenset(Capability) - lacking
