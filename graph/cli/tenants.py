"""``staygraph tenants``: whose data is kept apart."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from graph.accounts.tenants import Tenant, Tenants, TenantStatus
from graph.cli.local import opened_database, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, say, show_json, show_table

app = typer.Typer(help="Make, list, rename, deactivate and activate tenants.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--name", "-n", help="Its name: 1 to 200 characters, unlike all others.")]
TenantId = Annotated[str, typer.Argument(help="The tenant's id, as listed.", metavar="ID")]


@app.command(epilog='Example: staygraph tenants create --name "Alpine Stays"')
def create(name: Name, as_json: AsJson = False) -> None:
    """Make a tenant. Next, make a key for it: staygraph keys create --tenant ID."""
    tenant = _with_tenants(lambda tenants: tenants.create(name))
    if as_json:
        show_json(_json(tenant))
    else:
        say(tenant.id)
        note(f"Make a key for it: staygraph keys create --tenant {tenant.id} --permission ADMIN")


@app.command("list", epilog="Example: staygraph tenants list --json")
def list_tenants(as_json: AsJson = False) -> None:
    """List the tenants."""
    tenants = asyncio.run(_list())
    if as_json:
        show_json([_json(tenant) for tenant in tenants])
        return
    show_table(
        ("ID", "NAME", "STATUS", "CREATED"),
        [(each.id, each.name, each.status.value, f"{each.created_at:%Y-%m-%d %H:%M}") for each in tenants],
    )


async def _list() -> list[Tenant]:
    async with opened_database(prepare_settings()) as database:
        return await Tenants(database).list()


@app.command(epilog="Example: staygraph tenants rename ten_01hx… --name Alps")
def rename(tenant_id: TenantId, name: Name) -> None:
    """Give a tenant another name."""
    tenant = _with_tenants(lambda tenants: tenants.rename(tenant_id, name))
    note(f"Tenant {tenant.id} is now called {tenant.name}.")


@app.command(epilog="Example: staygraph tenants deactivate ten_01hx…")
def deactivate(tenant_id: TenantId) -> None:
    """Take a tenant out of use: its keys stop working within a second, all it has stays."""
    tenant = _with_tenants(lambda tenants: tenants.set_status(tenant_id, TenantStatus.INACTIVE))
    note(f"Tenant {tenant.name} is inactive.")


@app.command(epilog="Example: staygraph tenants activate ten_01hx…")
def activate(tenant_id: TenantId) -> None:
    """Put a tenant back into use."""
    tenant = _with_tenants(lambda tenants: tenants.set_status(tenant_id, TenantStatus.ACTIVE))
    note(f"Tenant {tenant.name} is active.")


def _with_tenants(change: Callable[[Tenants], Awaitable[Tenant]]) -> Tenant:
    async def run() -> Tenant:
        async with opened_database(prepare_settings()) as database:
            return await change(Tenants(database))

    return asyncio.run(run())


def _json(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "status": tenant.status.value,
        "createdAt": tenant.created_at.isoformat(),
        "updatedAt": tenant.updated_at.isoformat(),
    }
