"""Options of commands about accounts, and accounts as commands show them."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.creation import Connected
from graph.cli.failures import CommandError, ExitCode, describe
from graph.cli.screen import note, say, show_json


def _percent(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text[:40]!r} is not a number.") from None


AccountId = Annotated[str, typer.Argument(metavar="ID", help="The account's id, as listed.")]
AuthTypeName = Annotated[str | None, typer.Option("--auth-type", help="How it proves itself.")]
Config = Annotated[
    list[str] | None, typer.Option("--config", "-c", metavar="KEY=VALUE", help="A credential; may be repeated.")
]
ConfigFile = Annotated[
    str | None,
    typer.Option("--config-file", metavar="FILE", help="A JSON object of credentials; - reads standard input."),
]
Identifier = Annotated[str | None, typer.Option("--identifier", help="Your own id for it, unique among your accounts.")]
Version = Annotated[
    str | None, typer.Option("--integration-version", help="Version of the integration, as you count them.")
]
Discount = Annotated[
    Decimal | None,
    typer.Option("--discount", parser=_percent, metavar="PERCENT", help="Discount on every price: 0 to 100."),
]
Markup = Annotated[
    Decimal | None,
    typer.Option("--markup", parser=_percent, metavar="PERCENT", help="Markup on every price: 0 or more."),
]
DistributionMarkup = Annotated[
    Decimal | None,
    typer.Option(
        "--distribution-markup",
        parser=_percent,
        metavar="PERCENT",
        help="Markup for other tenants that import listings: 0 to 100.",
    ),
]
AllowImport = Annotated[
    bool | None, typer.Option("--allow-import/--no-import", help="Whether other tenants may import its listings.")
]
Approval = Annotated[
    bool | None,
    typer.Option("--require-approval/--no-approval", help="Whether new listings wait for approval, hidden."),
]
RedirectUrl = Annotated[
    str | None, typer.Option("--redirect-url", metavar="URL", help="Where its owner's browser goes after the consent.")
]
NotificationUrl = Annotated[
    str | None, typer.Option("--notification-url", metavar="URL", help="Where a message is posted after the consent.")
]


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def shown(account: ConnectedAccount) -> dict[str, Any]:
    """An account as JSON, without its credentials. Percentages are exact, as text."""
    return {
        "id": account.id,
        "provider": account.provider,
        "name": account.name,
        "accountIdentifier": account.identifier,
        "status": account.status.value,
        "authType": account.auth_type.value,
        "version": account.version,
        "defaultDiscountPercentage": str(account.default_discount_percentage),
        "markupPercentage": str(account.markup_percentage),
        "distributionMarkupPercentage": str(account.distribution_markup_percentage),
        "allowImport": account.allow_import,
        "requireListingApproval": account.require_listing_approval,
        "clientRedirectUrl": account.client_redirect_url,
        "notificationUrl": account.notification_url,
        "createdAt": account.created_at.isoformat(),
        "updatedAt": account.updated_at.isoformat(),
    }


def show_connected(connected: Connected, done: str, *, as_json: bool) -> None:
    """What came of connecting an account. Raises ``CommandError`` where it is stored but may not work."""
    account, consent = connected.account, connected.consent
    if consent is None:
        show_json(shown(account)) if as_json else say(f"{done} {account.name} as {account.id}.")
    elif as_json:
        address = {"authorizationUrl": consent.url, "authorizationExpiresAt": consent.expires_at.isoformat()}
        show_json(shown(account) | address)
    else:
        note(f"{account.name} ({account.id}): its owner has to consent before {consent.expires_at:%H:%M} UTC at")
        say(consent.url)
    if connected.interruption is not None:
        raise CommandError(
            "The PMS accepted the credentials and replaced the refresh token, then failed: "
            f"{describe(connected.interruption)}\nThe account was stored so that the new token is not lost. "
            f"Test it later: staygraph accounts test {account.id}",
            ExitCode.UPSTREAM,
        )
