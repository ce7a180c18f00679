"""``staygraph accounts``: what is changed about accounts that are connected."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.creation import NewCredentials
from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.account_options import (
    AccountId,
    AllowImport,
    Approval,
    AuthTypeName,
    Config,
    ConfigFile,
    Discount,
    DistributionMarkup,
    Identifier,
    Markup,
    NotificationUrl,
    RedirectUrl,
    Version,
    given,
    show_connected,
    shown,
)
from graph.cli.credentials import auth_type_named, read_config
from graph.cli.failures import CommandError, ExitCode
from graph.cli.local import Local, opened, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, show_json

T = TypeVar("T")

Work = Callable[[Local], Awaitable[T]]


def update(
    account_id: AccountId,
    name: Annotated[str | None, typer.Option("--name", "-n", help="What to call the account.")] = None,
    identifier: Identifier = None,
    version: Version = None,
    discount: Discount = None,
    markup: Markup = None,
    distribution_markup: DistributionMarkup = None,
    allow_import: AllowImport = None,
    approval: Approval = None,
    redirect_url: RedirectUrl = None,
    notification_url: NotificationUrl = None,
    as_json: AsJson = False,
) -> None:
    """Change the name, your id, or the terms of an account. What is not named stays as it is.

    Example: [bold]staygraph accounts update acc_01hx… --markup 12.5 --allow-import[/bold]
    """
    values = given(
        name=name,
        identifier=identifier,
        version=version,
        default_discount_percentage=discount,
        markup_percentage=markup,
        distribution_markup_percentage=distribution_markup,
        allow_import=allow_import,
        require_listing_approval=approval,
        client_redirect_url=redirect_url,
        notification_url=notification_url,
    )
    if not values:
        raise CommandError("Name what to change: see --help.", ExitCode.USAGE)
    account = _done(lambda local: local.lifecycle.update(DEFAULT_TENANT, account_id, values))
    _say(account, f"Changed {account.name}.", as_json=as_json)


def reauthorize(
    account_id: AccountId,
    auth_type: AuthTypeName = None,
    config: Config = None,
    config_file: ConfigFile = None,
    redirect_url: RedirectUrl = None,
    notification_url: NotificationUrl = None,
    as_json: AsJson = False,
) -> None:
    """Give an account other credentials, once its PMS has accepted them, or have its owner consent again.

    Give all credentials, not only those that changed. Without any, an OAUTH account's owner is asked to consent again.

    Example: [bold]staygraph accounts reauthorize acc_01hx… --config-file new.json[/bold]
    """
    wanted = NewCredentials(
        auth_type=auth_type_named(auth_type) if auth_type is not None else None,
        config=read_config(config or [], config_file) or None,
        options=given(client_redirect_url=redirect_url, notification_url=notification_url),
    )
    connected = _done(lambda local: local.creation.reauthorize(DEFAULT_TENANT, account_id, wanted))
    show_connected(connected, "Authorized", as_json=as_json)


def pause(account_id: AccountId, as_json: AsJson = False) -> None:
    """Ask nothing of an account's PMS until it is resumed. Running gateways know within a second.

    Example: [bold]staygraph accounts pause acc_01hx…[/bold]
    """
    account = _done(lambda local: local.lifecycle.pause(DEFAULT_TENANT, account_id))
    _say(account, f"Paused {account.name}.", as_json=as_json)


def resume(account_id: AccountId, as_json: AsJson = False) -> None:
    """Put a paused account into use again.

    Example: [bold]staygraph accounts resume acc_01hx…[/bold]
    """
    account = _done(lambda local: local.lifecycle.resume(DEFAULT_TENANT, account_id))
    _say(account, f"Resumed {account.name}.", as_json=as_json)


def _done(work: Work[T]) -> T:
    async def run() -> T:
        async with opened(prepare_settings()) as local:
            return await work(local)

    return asyncio.run(run())


def _say(account: ConnectedAccount, text: str, *, as_json: bool) -> None:
    if as_json:
        show_json(shown(account))
    else:
        note(text)
