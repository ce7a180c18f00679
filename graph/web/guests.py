"""Clients that stay connected: each is let in once, and asked about again as long as it stays."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog

from graph.accounts.authentication import Authentication
from graph.accounts.keys import Viewer
from graph.accounts.refusals import NotAllowed, NotAuthenticated
from graph.events.lifetime import Ending, Lifetime
from graph.schema.errors import FORBIDDEN, SERVER_STOPPING, UNAUTHENTICATED
from graph.storage.failures import StorageUnavailable
from graph.web.lobby import Lobby

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
"""Between two looks at whether those who are here may stay."""

REST = 3
"""Where a look takes long, the next begins after so many times that long: looking is not what the server is for."""

_STOPPING = Ending(SERVER_STOPPING, "The server is stopping. Subscribe again after this cursor.")
_LESS = Ending(FORBIDDEN, "The API key or token may do less than when you connected.")


class TooManyConnections(Exception):
    """This key or token has as many connections as it may. The message says how many that is."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What a client showed: an API key or token, and the tenant that it names, if it names one."""

    secret: str
    tenant: str | None = None


@dataclass(slots=True, eq=False, repr=False)
class Guest:
    """A client that was let in. Its ``lifetime`` ends when it may not stay."""

    credentials: Credentials
    viewer: Viewer
    lifetime: Lifetime = field(default_factory=Lifetime)


class Guests:
    """Everybody who stays connected to this process. ``per_key`` connections are allowed at a time.

    In its ``lobby`` sockets wait until they are let in.
    """

    def __init__(self, authentication: Authentication, *, per_key: int) -> None:
        self.lobby = Lobby()
        self._authentication = authentication
        self._per_key = per_key
        # Those who came with the same key, which gave them the same, are looked at together: there may be thousands.
        self._here: dict[Credentials, dict[Viewer, set[Guest]]] = {}
        self._connections: Counter[Hashable] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._stopping = False

    @asynccontextmanager
    async def welcome(self, credentials: Credentials) -> AsyncIterator[Guest]:
        """A guest, until the block ends.

        Raises ``NotAuthenticated``, ``NotAllowed``, ``TooManyConnections`` or ``StorageUnavailable``.
        """
        viewer = await self._authentication.viewer(credentials.secret, credentials.tenant)
        whose = viewer.key_id or credentials.secret
        if self._connections[whose] >= self._per_key:
            raise TooManyConnections(
                f"This key has {self._per_key} open connections, and may have no more. Close some, or use another key."
            )
        guest = Guest(credentials, viewer)
        self._connections[whose] += 1
        self._here.setdefault(credentials, {}).setdefault(viewer, set()).add(guest)
        if self._stopping:
            guest.lifetime.end(_STOPPING)
        try:
            yield guest
        finally:
            self._gone(guest, whose)

    def start(self) -> None:
        """Look again and again whether everybody may stay, until ``aclose``."""
        self._looking = asyncio.create_task(self._look_again())

    def stop(self) -> None:
        """Tell everybody that the server is stopping."""
        self._stopping = True
        for credentials in self._here:
            self._let_go(credentials, _STOPPING)

    async def aclose(self) -> None:
        """Let everybody go."""
        self.stop()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def look(self) -> None:
        """Let those go who may not stay: their key or token ended, or gives them less than when they came."""
        here = tuple(self._here)
        tenants = {viewer.tenant_id for alike in self._here.values() for viewer in alike}
        # Without the database some can be told apart all the same.
        with suppress(StorageUnavailable):
            await self._authentication.look_ahead([each.secret for each in here], tenants)
        for credentials in here:
            try:
                viewer = await self._authentication.viewer(credentials.secret, credentials.tenant)
            except NotAuthenticated as error:
                self._let_go(credentials, Ending(UNAUTHENTICATED, str(error)))
            except NotAllowed as error:
                self._let_go(credentials, Ending(FORBIDDEN, str(error)))
            except StorageUnavailable:
                return  # nobody can be told apart now; the next look will
            else:
                self._compare(credentials, viewer)
            # Others have their turn: there may be thousands to look at.
            await asyncio.sleep(0)

    def _compare(self, credentials: Credentials, viewer: Viewer) -> None:
        for before, guests in self._here.get(credentials, {}).items():
            if not _no_less(viewer, before):
                for guest in guests:
                    guest.lifetime.end(_LESS)

    def _let_go(self, credentials: Credentials, ending: Ending) -> None:
        for guests in self._here.get(credentials, {}).values():
            for guest in guests:
                guest.lifetime.end(ending)

    def _gone(self, guest: Guest, whose: Hashable) -> None:
        self._connections[whose] -= 1
        if not self._connections[whose]:
            del self._connections[whose]
        alike = self._here[guest.credentials]
        alike[guest.viewer].discard(guest)
        if not alike[guest.viewer]:
            del alike[guest.viewer]
        if not alike:
            del self._here[guest.credentials]

    async def _look_again(self) -> None:
        pause = LOOK_SECONDS
        while True:
            await asyncio.sleep(pause)
            begun = asyncio.get_running_loop().time()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it was, the others have to be looked at next time
                log.error("who is connected could not be looked at", error=type(error).__name__)
            pause = max(LOOK_SECONDS, REST * (asyncio.get_running_loop().time() - begun))


def _no_less(now: Viewer, before: Viewer) -> bool:
    return now is before or (
        now.tenant_id == before.tenant_id and now.permission.includes(before.permission) and now.scopes >= before.scopes
    )
