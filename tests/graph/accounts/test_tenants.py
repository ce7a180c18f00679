"""Tenants: made, renamed, put out of use and back; never deleted."""

from typing import Any

import pytest

from graph.accounts.tenants import DEFAULT_TENANT, Tenants, TenantStatus
from graph.rejections import Rejected, RejectionCode
from graph.storage.database import Database
from graph.storage.small_reads import SmallReads


@pytest.fixture
def tenants(database: Database, clock: Any) -> Tenants:
    return Tenants(database, clock=clock)


async def refusal(change: Any) -> tuple[str, RejectionCode]:
    with pytest.raises(Rejected) as caught:
        await change
    (rejection,) = caught.value.rejections
    return ".".join(rejection.field), rejection.code


async def test_there_is_a_default_tenant_from_the_start(tenants: Tenants) -> None:
    (tenant,) = await tenants.list()
    assert (tenant.id, tenant.is_default, tenant.status) == (DEFAULT_TENANT, True, TenantStatus.ACTIVE)


async def test_a_tenant_is_made_active_and_listed_oldest_first(tenants: Tenants, clock: Any) -> None:
    made = await tenants.create("  Alpine Stays ")
    clock.elapsed += 1
    second = await tenants.create("Beach")
    assert (made.name, made.status, made.is_default) == ("Alpine Stays", TenantStatus.ACTIVE, False)
    ours = [each for each in await tenants.list() if not each.is_default]
    assert ours == [made, second]
    assert await tenants.get(made.id) == made


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", RejectionCode.REQUIRED),
        ("  ", RejectionCode.REQUIRED),
        ("x" * 201, RejectionCode.OUT_OF_RANGE),
        ("a\nb", RejectionCode.INVALID),
        ("a\x00", RejectionCode.INVALID),
    ],
)
async def test_a_name_that_is_no_good_is_refused(tenants: Tenants, name: str, code: RejectionCode) -> None:
    assert await refusal(tenants.create(name)) == ("name", code)
    made = await tenants.create("x" * 200)
    assert await refusal(tenants.rename(made.id, name)) == ("name", code)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """How often somebody went to the database to read."""
    gone: list[None] = []
    read = SmallReads.read

    async def counted(self: SmallReads, work: Any) -> Any:
        gone.append(None)
        return await read(self, work)

    monkeypatch.setattr(SmallReads, "read", counted)
    return gone


async def test_names_are_unique_but_ones_own_may_be_given_again(tenants: Tenants, clock: Any) -> None:
    first, second = await tenants.create("Alps"), await tenants.create("Beach")
    assert await refusal(tenants.create("Alps")) == ("name", RejectionCode.TAKEN)
    assert await refusal(tenants.rename(second.id, " Alps")) == ("name", RejectionCode.TAKEN)
    clock.elapsed += 5
    assert await tenants.rename(first.id, "Alps") == first
    renamed = await tenants.rename(first.id, "Dolomites")
    assert (renamed.name, renamed.updated_at) == ("Dolomites", clock.now())
    assert await tenants.get(first.id) == renamed


async def test_a_deactivated_tenant_is_not_active_here_at_once_and_elsewhere_within_a_second(
    tenants: Tenants, database: Database, clock: Any
) -> None:
    elsewhere = Tenants(database, clock=clock)
    made = await tenants.create("Alps")
    assert await tenants.active(made.id) == await elsewhere.active(made.id) == made
    await tenants.set_status(made.id, TenantStatus.INACTIVE)
    assert await tenants.active(made.id) is None
    clock.elapsed += 1.0
    assert await elsewhere.active(made.id) is None
    await tenants.set_status(made.id, TenantStatus.ACTIVE)
    assert await tenants.active(made.id) is not None


@pytest.mark.parametrize("number", [1, 101])
async def test_many_tenants_are_read_together_and_each_is_told_apart(
    tenants: Tenants, database: Database, clock: Any, ways: list[None], number: int
) -> None:
    made = [await tenants.create(f"Tenant {each}") for each in range(number)]
    for each in made:
        assert await tenants.active(each.id) == each
    await Tenants(database, clock=clock).set_status(made[0].id, TenantStatus.INACTIVE)
    clock.elapsed += 0.5
    ways.clear()
    await tenants.look_ahead([*(each.id for each in made), "ten_none", "no id", ""])
    assert len(ways) == 1
    assert [await tenants.active(each.id) is not None for each in made] == [False, *[True] * (number - 1)]
    assert await tenants.get("ten_none") is None
    assert len(ways) == 1


async def test_the_default_tenant_cannot_be_deactivated(tenants: Tenants) -> None:
    assert await refusal(tenants.set_status(DEFAULT_TENANT, TenantStatus.INACTIVE)) == ("id", RejectionCode.NOT_ALLOWED)
    assert await tenants.active(DEFAULT_TENANT) is not None


@pytest.mark.parametrize("tenant_id", ["", "ten_none", "DEFAULT", "default ", "x" * 41, "ten_\x00", "téné"])
async def test_what_is_no_tenant_is_not_found(tenants: Tenants, tenant_id: str) -> None:
    assert await tenants.get(tenant_id) is None
    assert await tenants.active(tenant_id) is None
    assert await refusal(tenants.rename(tenant_id, "Alps")) == ("id", RejectionCode.NOT_FOUND)
    assert await refusal(tenants.set_status(tenant_id, TenantStatus.ACTIVE)) == ("id", RejectionCode.NOT_FOUND)
