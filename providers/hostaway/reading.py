"""One account's way to Hostaway's endpoints, envelopes opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from providers.contract import Session
from providers.errors import ProviderError, UpstreamInvalid
from providers.hostaway.envelope import Rows, read_list, read_object, read_some
from providers.hostaway.manifest import CODE
from providers.hostaway.paging import Query, Read, id_of
from providers.upstream.calls import Call

LISTINGS = "/v1/listings"
RESERVATIONS = "/v1/reservations"


class Reader:
    """Sends calls and opens their answers. What is found wrong in an answer is signed like all other errors."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.account_id = session.account_id

    @contextmanager
    def signing(self) -> Iterator[None]:
        """Fills provider and account into the errors of a block."""
        try:
            yield
        except ProviderError as error:
            self.sign(error)
            raise

    def sign(self, error: ProviderError) -> None:
        """Fills in provider and account where they are missing."""
        error.provider = error.provider or CODE
        error.account_id = error.account_id or self.account_id

    def rows(self, path: str) -> Read:
        """A reader of one list."""

        async def read(query: Query) -> Rows:
            answer = await self.session.send(Call(method="GET", path=path, query=query))
            with self.signing():
                return read_list(answer)

        return read

    async def some(self, path: str) -> Rows:
        """The records of what belongs to a listing: a list, or a single record in its place."""
        answer = await self.session.send(Call(method="GET", path=path))
        with self.signing():
            return read_some(answer)

    async def record(self, path: str, record_id: str, query: Query = ()) -> tuple[dict[str, Any], datetime]:
        """One record, and when it came. Raises ``UpstreamInvalid`` where it is not the one that was asked for."""
        answer = await self.session.send(Call(method="GET", path=f"{path}/{record_id}", query=query))
        with self.signing():
            record = read_object(answer)
            if id_of(record) != record_id:
                raise UpstreamInvalid("Hostaway answered with another record.", upstream_status=answer.status)
        return record, answer.received_at

    async def mapping(self, path: str) -> dict[str, Any]:
        """An object whose keys are data, such as the countries by code."""
        answer = await self.session.send(Call(method="GET", path=path))
        with self.signing():
            return read_object(answer)
