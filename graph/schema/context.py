"""What a resolver can reach: the operation, its loaders, the gateway, and where to report partial failures."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from strawberry.types.info import Info as StrawberryInfo

from graph.access.loaders import LoaderRegistry, Loaders
from graph.administration import Administration
from graph.events.lifetime import Lifetime
from graph.events.subscribers import Subscribers, Told
from graph.gateway.cursors import Cursors
from graph.gateway.gateway import Gateway
from graph.gateway.operation import Operation
from graph.schema.errors import partial
from graph.schema.telling import Data, Repeat, text_at_once
from providers.errors import ProviderError
from providers.upstream.caller import Caller, calling
from providers.upstream.upstream import Upstream


@dataclass(slots=True, kw_only=True)
class Context:
    """The context of one operation; of a subscription, of one event after another.

    ``lifetime`` is that of the client where it stays connected, None where it gets one answer. ``told`` is the event
    that is being answered; operations with the same ``shared_as`` answer the same of it. ``repeat`` sends the text of
    an answer that another of them was given already; without it each makes its own. ``data`` makes the answer to an
    event of a subscription whose fields need nothing but the event.
    """

    operation: Operation
    gateway: Gateway
    administration: Administration
    cursors: Cursors
    upstream: Upstream
    operation_timeout: float
    registry: LoaderRegistry
    subscribers: Subscribers
    lifetime: Lifetime | None = None
    shared_as: str = ""
    told: Told | None = None
    repeat: Repeat | None = None
    data: Data | None = None
    partial_failures: list[GraphQLError] = field(default_factory=list)
    _ages: dict[str | int, int | None] = field(default_factory=dict)
    _reported: set[Hashable] = field(default_factory=set)

    def begin(self, info: "Info", max_age: int | None) -> Loaders:
        """Note the maximum age that a root field asks for; it holds for everything below that field."""
        self._ages[_root(info)] = max_age
        return self.registry.at(max_age)

    def max_age(self, info: "Info") -> int | None:
        """The maximum age that holds here, in seconds; None: the defaults."""
        return self._ages.get(_root(info))

    def loaders(self, info: "Info") -> Loaders:
        return self.registry.at(self.max_age(info))

    def changed(self) -> None:
        """Something was changed at a PMS: what is read from now on in this operation must see it."""
        self.registry.begin_anew()

    def report(self, info: "Info", error: ProviderError) -> None:
        """Say in the answer's errors that one source of this field failed, while the rest of it is there."""
        self.partial_failures.append(partial(info.path.as_list(), error))

    def report_once(self, info: "Info", what: Hashable, error: ProviderError) -> None:
        """Like ``report``, but where many fields share a source: only the first of them says so."""
        if what not in self._reported:
            self._reported.add(what)
            self.report(info, error)

    def told_at_once(self, told: Told, show: Callable[[], Any]) -> bool:
        """Tell of an event if nothing has to be waited for; False if something has. ``show``: how clients see it."""
        if self.repeat is None:
            return False
        text = text_at_once(told, self.shared_as, self.data, show)
        return text is not None and self.repeat.at_once(text)

    async def repeated(self, told: Told) -> bool:
        """Tell of an event as another operation that answers the same was told; False if none was."""
        await told.made(self.shared_as)
        text = told.texts.get(self.shared_as) if self.repeat is not None else None
        if text is None or self.repeat is None:
            return False
        await self.repeat.send(text)
        return True

    @contextmanager
    def telling(self, told: Told) -> Iterator[None]:
        """Answer an event as an operation of its own: nothing of the event before is reused, and time begins anew."""
        clock = self.gateway.reading.clock
        self.operation = Operation(viewer=self.operation.viewer, started_at=clock.now())
        self.registry = LoaderRegistry(self.gateway, self.operation)
        self.partial_failures.clear()
        self._reported.clear()
        self.told = told
        told.begin(self.shared_as)
        deadline = clock.monotonic() + self.operation_timeout
        try:
            with calling(Caller(key=self.operation.key, deadline=deadline)):
                yield
        finally:
            told.end(self.shared_as)
            self.told = None


Info = StrawberryInfo[Context, Any]


def _root(info: Info) -> str | int:
    path = info.path
    while path.prev is not None:
        path = path.prev
    return path.key
