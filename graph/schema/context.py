"""What a resolver can reach: the operation, its loaders, the gateway, and where to report partial failures."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from strawberry.types.info import Info as StrawberryInfo

from graph.access.loaders import LoaderRegistry, Loaders
from graph.administration import Administration
from graph.gateway.cursors import Cursors
from graph.gateway.gateway import Gateway
from graph.gateway.operation import Operation
from graph.schema.errors import partial
from providers.errors import ProviderError
from providers.upstream.upstream import Upstream


@dataclass(slots=True, kw_only=True)
class Context:
    """The context of one operation."""

    operation: Operation
    gateway: Gateway
    administration: Administration
    cursors: Cursors
    upstream: Upstream
    operation_timeout: float
    registry: LoaderRegistry
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


Info = StrawberryInfo[Context, Any]


def _root(info: Info) -> str | int:
    path = info.path
    while path.prev is not None:
        path = path.prev
    return path.key
