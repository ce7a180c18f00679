"""Long answers are read one after the other, others having their turn in between."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from providers.errors import UpstreamInvalid
from providers.upstream import attempt
from providers.upstream.accounts import CallOutcome
from providers.upstream.tokens import MemoryTokens
from providers.upstream.turns import Turns
from providers.upstream.upstream import AccountSession, Upstream
from tests.providers.upstream.doubles import account, get
from tests.turns import counted_turns

CALLS = 6


async def test_pieces_come_in_order_one_a_turn() -> None:
    turns = Turns()
    async with counted_turns() as turn:
        done = await asyncio.gather(*(turns.take(lambda n=number: (n, turn())) for number in range(CALLS)))
    assert [number for number, _ in done] == list(range(CALLS))
    assert len({at for _, at in done}) == CALLS


async def test_a_piece_that_fails_does_not_stop_the_next() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        await turns.take(lambda: 1 // 0)
    assert await turns.take(lambda: 2) == 2


def _session(body: bytes, heard: list[CallOutcome]) -> tuple[Upstream, AccountSession]:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    upstream = Upstream(tokens=MemoryTokens(), transport=transport, observe=heard.append)
    return upstream, upstream.session(account())


async def _read_at_once(body: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of several answers that arrive together are read in one turn at most."""
    read: Counter[int] = Counter()
    checked = attempt.check_body
    upstream, session = _session(body, [])
    async with counted_turns() as turn:

        def check(answer: Any) -> None:
            read[turn()] += 1
            checked(answer)

        monkeypatch.setattr(attempt, "check_body", check)
        answers = await asyncio.gather(*(session.send(get(f"/{number}")) for number in range(CALLS)))
    await upstream.aclose()
    assert all(answer.parsed for answer in answers)
    return max(read.values())


async def test_long_answers_are_read_one_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _read_at_once(b"[%s]" % b",".join([b"1.5"] * attempt.LONG_ANSWER), monkeypatch) == 1


async def test_short_answers_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _read_at_once(b"[1.5]", monkeypatch) == CALLS


async def test_a_long_answer_that_is_no_json_is_refused_as_ever() -> None:
    upstream, session = _session(b"[" * (attempt.LONG_ANSWER + 1), [])
    with pytest.raises(UpstreamInvalid, match="malformed"):
        await session.send(get())
    await upstream.aclose()


async def test_a_call_given_up_while_its_answer_waits_to_be_read_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[CallOutcome] = []
    upstream, session = _session(b"[%s1]" % (b"1," * attempt.LONG_ANSWER), heard)
    waiting = asyncio.Event()

    async def never(_turns: Turns, _work: Any) -> None:
        waiting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Turns, "take", never)
    sending = asyncio.create_task(session.send(get()))
    await waiting.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await upstream.aclose()
    assert [(each.status, each.error) for each in heard] == [(200, "CANCELLED")]
