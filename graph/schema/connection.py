"""Pages of records from several accounts: Relay connections that also say how each account contributed."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, cast

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.applied import AppliedBy
from graph.gateway.collector import Collected
from graph.gateway.reports import SourceReport, SourceStatus
from graph.schema.context import Info
from graph.schema.errors import provider_extensions
from graph.schema.exposing import expose_enum
from graph.schema.plain import pure
from graph.schema.selecting import selects
from providers.errors import ErrorCode, ProviderError
from providers.model import ListingField

if TYPE_CHECKING:
    from graph.schema.account import Account

T = TypeVar("T")

expose_enum(SourceStatus)
expose_enum(AppliedBy)
expose_enum(ErrorCode, name="UpstreamErrorCode")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="True if there may be more: the next page can be empty where an account was not asked yet."
    )
    has_previous_page: bool = strawberry.field(description="True if this page was asked for with a cursor.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first record; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="Cursor to pass as `after` for the next page. Accounts that failed are asked again there."
    )


@strawberry.type(description="Why a PMS could not be read.")
class SourceError:
    code: ErrorCode = strawberry.field(description="What kind of failure; stable, fit to branch on.")
    message: str = strawberry.field(description="What happened, for people.")
    retry_after: int | None = strawberry.field(description="Seconds after which another try may succeed, if known.")
    upstream_status: int | None = strawberry.field(description="HTTP status of the PMS's answer, if there was one.")


@strawberry.type(description="Who applied one filter, or the order, to the records of an account.")
class AppliedArgument:
    argument: str = strawberry.field(description="The argument, for example filter.stay or orderBy.")
    by: AppliedBy = strawberry.field(description="Who applied it.")


@strawberry.type(description="How one account contributed to a list.")
class Source:
    source: strawberry.Private[ConnectedAccount]
    status: SourceStatus = strawberry.field(description="Whether its records are in the list, and how fresh.")
    fetched_at: datetime | None = strawberry.field(
        description="When the PMS gave the oldest part of what it contributed, UTC; null if it was not asked."
    )
    skipped_records: int = strawberry.field(description="Records of the PMS that could not be understood.")
    note: str | None = strawberry.field(description="What is missing and why, for people.")
    error: SourceError | None = strawberry.field(description="Why it failed, or why older data is served.")
    applied: list[AppliedArgument] = strawberry.field(
        description="Which of the filters and orders that were asked for the PMS applied, and which StayGraph: of what "
        "StayGraph alone applies, every record must be read, so a page may be short. Empty where nothing was read."
    )

    @strawberry.field(
        description="Fields of listings that the operator switched off for this account's PMS, by the keys of "
        "fieldsToSync.listing: they are null wherever its listings appear, and no filter or order uses them."
    )
    @pure
    def fields_off(self) -> list[str]:
        return [key.value for key in ListingField if key in self.source.fields_off]

    @strawberry.field(
        description="The account; null if it is another tenant's, of which listings were imported.",
        graphql_type=Annotated["Account", strawberry.lazy("graph.schema.account")] | None,
    )
    def account(self) -> Any:
        return None if self.source.imported else self.source


@strawberry.type(description="A record and its place in the list.")
class Edge(Generic[T]):
    page: strawberry.Private[Collected[Any]]
    index: strawberry.Private[int]
    node: T = strawberry.field(description="The record.")

    @strawberry.field(description="Cursor behind this record: pass it as `after` to go on from here.")
    @pure
    def cursor(self) -> str:
        return self.page.cursor(self.index)


@strawberry.type(description="One page of a list over one or more accounts.")
class Connection(Generic[T]):
    page: strawberry.Private[Collected[Any]]
    continued: strawberry.Private[bool]

    @strawberry.field(description="The records with their cursors.")
    @pure
    def edges(self) -> list[Edge[T]]:
        return [Edge(page=self.page, index=n, node=each.record) for n, each in enumerate(self.page.taken)]

    @strawberry.field(description="The records alone.")
    @pure
    def nodes(self) -> list[T]:
        return [each.record for each in self.page.taken]

    @strawberry.field(description="Where the page lies in the list.")
    @pure
    def page_info(self) -> PageInfo:
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.continued,
            start_cursor=self.page.cursor(0) if self.page.taken else None,
            end_cursor=self.page.end_cursor() if self.page.taken or self.page.end else None,
        )

    @strawberry.field(
        description="How many records the whole list has. Null where only reading all of it would tell. Asking for it "
        "costs one call for each account that the page itself did not need."
    )
    @pure
    def total_count(self) -> int | None:
        return self.page.total

    @strawberry.field(description="How each account contributed. A list is complete only if every source is OK.")
    @pure
    def sources(self) -> list[Source]:
        return [_source(report) for report in self.page.sources]


def connection(page: Collected[Any], info: Info, after: str | None) -> Any:
    """The page as a connection; accounts that failed are reported in the answer's errors too."""
    _report_failures(page.sources, info)
    return Connection(page=page, continued=after is not None)


def wants_total(info: Info) -> bool:
    """Whether the operation asks this connection for ``totalCount``."""
    return selects(info, "totalCount")


def sources_of(info: Info, reports: Sequence[SourceReport]) -> list[Source]:
    """How the accounts contributed; those that failed are reported in the answer's errors too."""
    _report_failures(reports, info)
    return [_source(report) for report in reports]


def _report_failures(reports: Sequence[SourceReport], info: Info) -> None:
    for report in reports:
        if report.status is SourceStatus.FAILED and report.error:
            info.context.report(info, report.error)


def _source(report: SourceReport) -> Source:
    return Source(
        source=report.account,
        status=report.status,
        fetched_at=report.fetched_at,
        skipped_records=report.skipped,
        note=report.note,
        error=source_error(report.error),
        applied=[AppliedArgument(argument=each.argument, by=each.by) for each in report.applied],
    )


def source_error(error: ProviderError | None) -> SourceError | None:
    """An upstream failure as clients see it beside the data."""
    if error is None:
        return None
    shown = provider_extensions(error)
    return SourceError(
        code=error.code,
        message=error.message,
        retry_after=cast(int | None, shown.get("retryAfter")),
        upstream_status=error.upstream_status,
    )
