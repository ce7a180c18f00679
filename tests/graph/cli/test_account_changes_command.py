"""``staygraph accounts``: everything that can be chosen and changed from a shell."""

from typing import Any

import httpx
import pytest

from providers.bookingsync.simulator import simulator as bookingsync_simulator
from providers.contract import SimulatorOptions

OPTIONS = (
    "--identifier",
    "crm-7",
    "--id",
    "beach",
    "--integration-version",
    "1.0",
    "--discount",
    "10",
    "--markup",
    "5.5",
    "--distribution-markup",
    "15",
    "--allow-import",
    "--require-approval",
    "--notification-url",
    "https://shop.example/notify",
)


def pairs(config: dict[str, Any]) -> list[str]:
    return [part for key, value in config.items() for part in ("--config", f"{key}={value}")]


@pytest.fixture
def account(terminal: Any, hostaway: dict[str, Any]) -> dict[str, Any]:
    added: dict[str, Any] = terminal.json("accounts", "add", "hostaway", "--name", "Beach", *pairs(hostaway), *OPTIONS)
    return added


def test_everything_can_be_chosen_when_an_account_is_added(account: dict[str, Any]) -> None:
    assert {name: value for name, value in account.items() if not name.endswith("At")} == {
        "id": "beach",
        "provider": "HOSTAWAY",
        "name": "Beach",
        "accountIdentifier": "crm-7",
        "status": "ACTIVE",
        "authType": "API_KEY",
        "version": "1.0",
        "defaultDiscountPercentage": "10",
        "markupPercentage": "5.5",
        "distributionMarkupPercentage": "15",
        "allowImport": True,
        "requireListingApproval": True,
        "clientRedirectUrl": None,
        "notificationUrl": "https://shop.example/notify",
    }


def test_what_is_named_changes_and_the_rest_stays(terminal: Any, account: dict[str, Any]) -> None:
    changed = terminal.json("accounts", "update", "beach", "--name", "Alps", "--markup", "0", "--no-import")
    assert changed == account | {
        "name": "Alps",
        "markupPercentage": "0",
        "allowImport": False,
        "updatedAt": changed["updatedAt"],
    }
    assert terminal.run("accounts", "update", "beach").exit_code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--discount", "101"], "defaultDiscountPercentage: It is 101. Allowed: 0 to 100"),
        (["--discount", "ten"], "is not a number"),
        (["--name", " "], "name: It is empty."),
        (["--redirect-url", "http://10.0.0.1/"], "clientRedirectUrl: "),
        (["--notification-url", "ftp://shop.example"], "notificationUrl: "),
    ],
)
def test_what_is_wrong_with_a_change_is_named(
    terminal: Any, account: dict[str, Any], options: list[str], said: str
) -> None:
    result = terminal.run("accounts", "update", "beach", *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert terminal.json("accounts", "list") == [account | {"health": "HEALTHY"}]


@pytest.mark.usefixtures("account")
def test_an_account_is_paused_and_resumed(terminal: Any) -> None:
    assert terminal.json("accounts", "pause", "beach")["status"] == "PAUSED"
    result = terminal.run("accounts", "test", "beach")
    assert result.exit_code == 2
    assert "paused" in result.stderr
    assert "PAUSED" in terminal.run("accounts", "list").stdout
    assert terminal.run("accounts", "resume", "beach").exit_code == 0
    assert terminal.json("accounts", "test", "beach")["ok"] is True


@pytest.mark.usefixtures("account")
def test_new_credentials_are_tried_before_they_replace_the_old(terminal: Any, hostaway: dict[str, Any]) -> None:
    wrong = pairs(hostaway | {"apiKey": "wr0ng-s3cret"})
    result = terminal.run("accounts", "reauthorize", "beach", *wrong)
    assert result.exit_code == 1
    assert "Nothing was stored" in result.stderr
    assert "wr0ng-s3cret" not in result.output
    assert terminal.json("accounts", "test", "beach")["ok"] is True
    assert terminal.run("accounts", "reauthorize", "beach", *pairs(hostaway)).exit_code == 0
    assert terminal.json("accounts", "test", "beach")["ok"] is True


@pytest.mark.usefixtures("account")
def test_removing_says_what_became_of_the_token(terminal: Any) -> None:
    removed = terminal.json("accounts", "remove", "beach", "--yes")
    assert removed == {"id": "beach", "tokenRevocation": "REVOKED", "error": None}
    assert terminal.json("accounts", "list") == []


@pytest.mark.usefixtures("account")
def test_a_pms_that_is_away_keeps_no_account_alive(terminal: Any, replace_network: Any) -> None:
    replace_network(httpx.MockTransport(lambda _: httpx.Response(503, json={})))
    result = terminal.run("accounts", "remove", "beach", "--yes")
    assert result.exit_code == 0
    assert "UPSTREAM_UNAVAILABLE" in result.stderr
    assert terminal.json("accounts", "list") == []


def test_an_owner_is_asked_to_consent_at_an_address(terminal: Any, replace_network: Any, leaping: Any) -> None:
    simulation: Any = bookingsync_simulator(SimulatorOptions(listings=1, limits="off"), now=leaping.now)
    replace_network(httpx.ASGITransport(app=simulation.app))
    application = pairs(simulation.client_credentials_config())
    missing = terminal.run("accounts", "add", "bookingsync", *application)
    assert missing.exit_code == 2
    assert "clientRedirectUrl" in missing.stderr
    redirect = ("--redirect-url", "https://shop.example/done")
    added = terminal.json("accounts", "add", "bookingsync", *application, *redirect)
    assert added["status"] == "AWAITING_AUTHORIZATION"
    assert "/oauth/authorize?" in added["authorizationUrl"]
    again = terminal.run("accounts", "reauthorize", added["id"])
    assert again.exit_code == 0
    assert "/oauth/authorize?" in again.stdout


def test_an_auth_type_may_be_named_as_its_alias(terminal: Any) -> None:
    result = terminal.run("accounts", "add", "hostaway", "--auth-type", "username-password")
    assert result.exit_code == 2
    assert "not one of Hostaway's" in result.stderr
