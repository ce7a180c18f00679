"""What two tenants see after any sequence of choices, beside a model of it that fits on a page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.acme_world import acme_world, catalogued
from tests.listing_choices import APPROVE, IMPORT, OTHER, REJECT, REMOVE, Tenant, connect, listing_id, tenant

Step = tuple[str, int]

MOST = 7

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["approve", "reject", "import", "remove"]), st.integers(1, MOST)),
        st.tuples(st.sampled_from(["ask", "allow"]), st.integers(0, 1)),
        st.just(("new", 0)),
    ),
    min_size=3,
    max_size=9,
)


@dataclass
class Model:
    """The owner's account and the other tenant's imports, as the documentation has them."""

    count: int
    asks: bool
    allows: bool
    decided: dict[int, str] = field(default_factory=dict)
    imported: set[int] = field(default_factory=set)

    @property
    def there(self) -> set[int]:
        return set(range(1, self.count + 1))

    @property
    def shown(self) -> set[int]:
        return {n for n in self.there if not self.asks or self.decided.get(n) == "approve"}

    @property
    def shared(self) -> set[int]:
        return self.shown & self.imported if self.allows else set()

    @property
    def pending(self) -> int:
        return len(self.there - self.decided.keys()) if self.asks else 0

    def step(self, what: str, number: int) -> bool:
        """Do it. Answers whether it should succeed."""
        match what:
            case "approve" | "reject" if self.asks and number in self.there:
                self.decided[number] = what
            case "import" if self.allows and number in self.shown:
                self.imported.add(number)
            case "remove" if number in self.imported:
                self.imported.remove(number)
            case "approve" | "reject" | "import" | "remove":
                return False
            case "ask":
                if number and not self.asks:
                    self.decided |= dict.fromkeys(self.there - self.decided.keys(), "approve")
                self.asks = bool(number)
            case "allow":
                self.allows = bool(number)
            case "new":
                self.count = min(self.count + 1, MOST)
        return True


@settings(max_examples=15, deadline=None)
@given(steps=STEPS, asks=st.booleans(), allows=st.booleans())
def test_each_tenant_sees_what_the_model_says(steps: Sequence[Step], asks: bool, allows: bool) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        asyncio.run(_check(patch, Path(folder), steps, Model(3, asks, allows)))


async def _check(patch: pytest.MonkeyPatch, folder: Path, steps: Sequence[Step], model: Model) -> None:
    with catalogued(patch) as estates:
        estates["1"].page_size = 2
        async with acme_world(folder, estates, []) as running:
            owner, importer = await tenant(running), await tenant(running, OTHER)
            estates["1"].now = estates["2"].now = running.clock.now
            account = await connect(running, "1", require_listing_approval=model.asks, allow_import=model.allows)
            own = await connect(running, "2", OTHER)
            for what, number in steps:
                # Everything there is was seen before, as the model has it.
                await _compare(owner, importer, account, own, model)
                expected = model.step(what, number)
                estates["1"].count = model.count
                assert await _do(owner, importer, account, what, number) is expected, (what, number)
            await _compare(owner, importer, account, own, model)


async def _do(owner: Tenant, importer: Tenant, account: str, what: str, number: int) -> bool:
    match what:
        case "new":
            return True
        case "ask":
            return not await owner.set(account, requireListingApproval=bool(number))
        case "allow":
            return not await owner.set(account, allowImport=bool(number))
    by, mutation = {
        "approve": (owner, APPROVE),
        "reject": (owner, REJECT),
        "import": (importer, IMPORT),
        "remove": (importer, REMOVE),
    }[what]
    (result,) = await by.choose(mutation, listing_id(account, number))
    return not result["userErrors"]


async def _compare(owner: Tenant, importer: Tenant, account: str, own: str, model: Model) -> None:
    seen = await owner.names("maxAge: 0", page=2, field="id")
    assert sorted(seen) == sorted(listing_id(account, n) for n in model.shown)
    counts = await owner.data("{ accounts { nodes { pendingListingCount } } }")
    assert counts["accounts"]["nodes"] == [{"pendingListingCount": model.pending}]
    shared = await importer.names("maxAge: 0", page=2, field="id")
    expected = [listing_id(account, n) for n in model.shared]
    assert sorted(shared) == sorted([*expected, *(listing_id(own, n) for n in (1, 2, 3))])
    every = [listing_id(account, n) for n in range(1, MOST + 1)]
    for who, visible in ((owner, model.shown), (importer, model.shared)):
        body = await who.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=every)
        found = [each and each["id"] for each in body["data"]["nodes"]]
        assert found == [id_ if n in visible else None for n, id_ in enumerate(every, start=1)]
