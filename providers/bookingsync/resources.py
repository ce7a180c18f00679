"""Reading BookingSync's collections: a page, a walk over pages, records by their ids."""

from collections.abc import Sequence

from providers.bookingsync.envelope import Envelope, open_envelope, record_id
from providers.contract import Session
from providers.errors import NotFound, UpstreamRefused
from providers.upstream.calls import Call

PREFIX = "/api/v3"
Options = tuple[tuple[str, str], ...]
_LONGEST_ID = 19
_MOST_NAMED_PAGES = 20


def is_id(text: str) -> bool:
    """Whether a text can be the id of a rental or booking: a whole number. Nothing else may reach a path."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID


class Resources:
    """The collections of one account's API, read through its session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def page(self, path: str, options: Options, number: int = 1) -> Envelope:
        """Page ``number`` (from 1) of ``path``, whose first segment names the resource."""
        query = (*options, ("page", str(number))) if number > 1 else options
        answer = await self._session.send(Call(method="GET", path=f"{PREFIX}/{path}", query=query))
        return open_envelope(answer, path.partition("/")[0], number)

    async def walk(self, path: str, options: Options, most: int) -> list[Envelope]:
        """All pages of ``path``, until one brings nothing new. Raises ``UpstreamRefused`` beyond ``most``."""
        pages, is_whole = await self._pages(path, options, await self.page(path, options), most)
        if not is_whole:
            raise UpstreamRefused(f"BookingSync holds more than {most} pages of this; ask for less at once.")
        return pages

    async def first_pages(self, path: str, options: Options, most: int) -> tuple[list[Envelope], bool]:
        """As ``walk``, but beyond ``most`` pages what was read so far, and False.

        Where the first page tells already that there are more, it is the only one.
        """
        first = await self.page(path, options)
        if first.total is not None and first.total > most * max(1, len(first.records)):
            return [first], False
        return await self._pages(path, options, first, most)

    async def _pages(self, path: str, options: Options, first: Envelope, most: int) -> tuple[list[Envelope], bool]:
        pages = [first]
        seen = _ids(first)
        while (number := pages[-1].next_page) is not None:
            if len(pages) == most:
                return pages, False
            page = await self.page(path, options, number)
            if _ids(page) and _ids(page) <= seen:
                break
            seen |= _ids(page)
            pages.append(page)
        return pages, True

    async def by_ids(self, resource: str, ids: Sequence[str], options: Options, *, smallest: int = 1) -> list[Envelope]:
        """The records of ``ids``, at most a page of them; those that do not exist are missing.

        Whether one unknown id among several spoils the whole answer is not documented: a group that is not
        found is halved, which costs few calls where few are unknown. Groups of ``smallest`` ids are given
        up.
        """
        if not ids:
            return []
        try:
            return await self.named(f"{resource}/{','.join(ids)}", ids, options)
        except NotFound:
            if len(ids) <= smallest:
                return []
        half = len(ids) // 2
        return [
            *await self.by_ids(resource, ids[:half], options, smallest=smallest),
            *await self.by_ids(resource, ids[half:], options, smallest=smallest),
        ]

    async def named(self, path: str, ids: Sequence[str], options: Options) -> list[Envelope]:
        """The pages of ``path`` until each of ``ids`` was seen, or no page brings more.

        Raises ``UpstreamRefused`` where that takes more than 20 pages: then the ids were not heeded.
        """
        pages = [await self.page(path, options)]
        seen = _ids(pages[0])
        while (number := pages[-1].next_page) is not None and not seen.issuperset(ids):
            if len(pages) == _MOST_NAMED_PAGES:
                raise UpstreamRefused("BookingSync answers far more records than were asked for.")
            page = await self.page(path, options, number)
            if _ids(page) <= seen:
                break
            seen |= _ids(page)
            pages.append(page)
        return pages


def _ids(page: Envelope) -> set[str]:
    return {found for record in page.records if (found := record_id(record)) is not None}
