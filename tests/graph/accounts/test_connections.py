"""Connections: clients made once, credentials tried before they are stored, rotated tokens never lost."""

from typing import Any

import pytest
from sqlalchemy import text

from graph.accounts.accounts import Accounts
from graph.accounts.connections import CheckInterruptedError, Connections, limits_in_force
from graph.accounts.tokens import StoredTokens
from graph.accounts.vault import Vault
from graph.settings import Settings
from graph.storage.database import Database
from providers.errors import AuthenticationFailed, NotFound, NotSupported, UpstreamUnavailable
from providers.manifest import AuthType
from providers.upstream.upstream import Upstream


async def connect(accounts: Accounts, config: Any, **more: Any) -> Any:
    return await accounts.add("default", "ACME", "Acme", AuthType.OAUTH, config, **more)


async def test_a_client_is_made_once_and_reaches_the_overridden_address(
    connections: Connections, accounts: Accounts, config: Any, pms: Any
) -> None:
    account = await connect(accounts, config)
    client = await connections.client(account)
    assert await connections.client(account) is client
    await client.check()
    assert pms.paths == ["/token", "/me"]
    assert set(pms.hosts) == {"localhost"}


async def test_the_client_of_a_removed_account_is_forgotten(
    connections: Connections, accounts: Accounts, config: Any
) -> None:
    account = await connect(accounts, config)
    await connections.client(account)
    await accounts.remove("default", account.id)
    with pytest.raises(NotFound) as caught:
        await connections.client(account)
    assert caught.value.account_id == account.id


async def test_a_checked_account_goes_on_with_the_token_of_the_check(
    connections: Connections, accounts: Accounts, tokens: StoredTokens, config: Any, pms: Any
) -> None:
    token = await connections.check("ACME", AuthType.OAUTH, config)
    assert token is not None
    account = await connect(accounts, config, token=token)
    assert await tokens.load(account.id) == token
    await (await connections.client(account)).check()
    assert pms.paths == ["/token", "/me", "/me"]


async def test_refused_credentials_are_told_in_the_words_of_the_pms_and_nothing_is_stored(
    connections: Connections, config: Any, pms: Any, database: Database
) -> None:
    pms.refresh = "R7"
    with pytest.raises(AuthenticationFailed, match="Acme says") as caught:
        await connections.check("ACME", AuthType.OAUTH, config)
    assert caught.value.account_id is None
    async with database.reading() as session:
        for table in ("account", "account_token"):
            assert (await session.execute(text(f"SELECT * FROM {table}"))).all() == []  # noqa: S608  # two constants


async def test_an_outage_after_rotation_hands_the_new_token_over(
    connections: Connections, config: Any, pms: Any
) -> None:
    pms.status = 503
    with pytest.raises(CheckInterruptedError) as caught:
        await connections.check("ACME", AuthType.OAUTH, config)
    assert isinstance(caught.value.error, UpstreamUnavailable)
    assert caught.value.token.refresh == pms.refresh == "R1"


async def test_a_pms_that_is_away_from_the_start_is_a_plain_failure(
    connections: Connections, config: Any, pms: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    monkeypatch.setattr(pms, "_rotate", lambda _: httpx.Response(503, json={}))
    with pytest.raises(UpstreamUnavailable):
        await connections.check("ACME", AuthType.OAUTH, config)


async def test_a_provider_nobody_installed_is_named(connections: Connections, config: Any) -> None:
    with pytest.raises(NotSupported, match="NONE"):
        await connections.check("NONE", AuthType.OAUTH, config)


async def test_an_auth_type_the_provider_lacks_is_named(
    connections: Connections, accounts: Accounts, config: Any
) -> None:
    account = await accounts.add("default", "ACME", "Acme", AuthType.API_KEY, config)
    with pytest.raises(NotSupported, match=r"no auth type API_KEY.*OAUTH"):
        await connections.client(account)


async def test_credentials_under_another_key_fail_for_their_account_only(
    settings: Settings,
    database: Database,
    upstream: Upstream,
    accounts: Accounts,
    config: Any,
    connections: Connections,
) -> None:
    account = await connect(accounts, config)
    stranger = Connections(settings, Accounts(database, Vault([b"2" * 32])), upstream, find=connections._find)
    with pytest.raises(AuthenticationFailed, match="cannot be opened") as caught:
        await stranger.client(account)
    assert caught.value.account_id == account.id


def test_limits_follow_the_profile_in_force(connections: Connections) -> None:
    plugin = connections._find("ACME")
    assert limits_in_force(Settings(), plugin) == plugin.manifest.limits["slow"]
    assert limits_in_force(Settings(limit_profiles={"ACME": "off"}), plugin) == ()
