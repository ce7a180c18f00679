"""What tests of approval and of imports share: the operations, and a second tenant."""

from collections.abc import Sequence
from typing import Any

from graph.accounts.accounts import AccountOptions
from graph.accounts.keys import Permission
from graph.schema import ids
from graph.storage.tables import TenantRow
from providers.manifest import AuthType
from tests.acme_world import AcmeConfig
from tests.gateway_world import World

APPROVE = (
    "mutation($ids: [ID!]!) { approveListings(ids: $ids) { decisions { id approval userErrors { field code } } } }"
)
REJECT = APPROVE.replace("approveListings", "rejectListings")
IMPORT = "mutation($ids: [ID!]!) { importListings(ids: $ids) { imports { id imported userErrors { field code } } } }"
REMOVE = IMPORT.replace("importListings", "removeImportedListings")
OPTIONS = """mutation($id: ID!, $input: UpdateIntegrationAccountInput!) {
  updateIntegrationAccount(id: $id, input: $input) { account { name } userErrors { field code message } } }"""

OTHER = "ten_other"


class Tenant:
    """One tenant's way into a world."""

    def __init__(self, world: World, id_: str, key: str) -> None:
        self.world = world
        self.id = id_
        self._headers = {"Authorization": f"Bearer {key}"}

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body: dict[str, Any] = (await self.world.post(query, variables, **self._headers)).json()
        return body

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        body = await self.ask(query, **variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    async def choose(self, mutation: str, *ids_: str) -> list[Any]:
        """The results of a mutation of listings, one for each id."""
        (payload,) = (await self.data(mutation, ids=list(ids_))).values()
        (results,) = payload.values()
        return list(results)

    async def set(self, account_id: str, **options: Any) -> list[Any]:
        """Change an account's options. Answers what was wrong."""
        account = ids.GlobalId(ids.ACCOUNT, account_id).text()
        (payload,) = (await self.data(OPTIONS, id=account, input=options)).values()
        errors: list[Any] = payload["userErrors"]
        return errors

    async def names(self, arguments: str = "first: 500", *, page: int | None = None, field: str = "name") -> list[str]:
        """The names of the listings, or another field; all pages in turn where ``page`` says how long they are."""
        if page is None:
            data = await self.data(f"{{ listings({arguments}) {{ nodes {{ {field} }} }} }}")
            return [each[field] for each in data["listings"]["nodes"]]
        found: list[str] = []
        after = None
        for _ in range(500):
            data = await self.data(
                f"query($after: String) {{ listings(first: {page}, after: $after{arguments and ', ' + arguments}) {{"
                f" nodes {{ {field} }} pageInfo {{ hasNextPage endCursor }} }} }}",
                after=after,
            )
            nodes, info = data["listings"]["nodes"], data["listings"]["pageInfo"]
            assert len(nodes) == page or not info["hasNextPage"], "a page is short only at the end"
            found += [each[field] for each in nodes]
            after = info["endCursor"]
            if not info["hasNextPage"]:
                return found
        raise AssertionError("the walk does not end")


async def tenant(world: World, id_: str = "default") -> Tenant:
    """A tenant that may change things; made now if there is none."""
    now = world.clock.now()
    async with world.services.database.session() as session:
        if await session.get(TenantRow, id_) is None:
            session.add(TenantRow(id=id_, name=id_, created_at=now, updated_at=now))
    return Tenant(world, id_, await world.key_with(Permission.WRITE, id_))


async def connect(world: World, number: str, owner: str = "default", **options: Any) -> str:
    """Connect one of ACME's estates with these options. Answers the account's id."""
    account = await world.services.accounts.add(
        owner,
        "ACME",
        number,
        AuthType.API_KEY,
        AcmeConfig(number=number),
        options=AccountOptions(name=number, **options),
    )
    return account.id


def listing_id(account_id: str, number: int | str) -> str:
    return str(ids.GlobalId(ids.LISTING, account_id, str(number)).text())


def listing_ids(account_id: str, numbers: Sequence[int]) -> list[str]:
    return [listing_id(account_id, number) for number in numbers]
