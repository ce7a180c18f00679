"""What is held while something is made that stands in nobody's way: nothing."""


class NoGuard:
    """See ``graph.changes.once.Guard``."""

    async def taken(self) -> None: ...

    async def release(self) -> None: ...

    def keep(self) -> None: ...
