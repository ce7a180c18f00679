"""BEHAVIOR.md says which test holds each oddity of BookingSync; this holds BEHAVIOR.md."""

import re
from pathlib import Path

import providers.bookingsync

ROOT = Path(providers.bookingsync.__file__).parents[2]
TEXT = Path(providers.bookingsync.__file__).with_name("BEHAVIOR.md").read_text()
ODDITIES = re.split(r"^(?=\d+\. )", TEXT, flags=re.MULTILINE)[1:]


def test_oddities_of_bookingsync_are_numbered_without_gaps():
    assert [int(each.split(".")[0]) for each in ODDITIES] == list(range(1, len(ODDITIES) + 1))
    assert len(ODDITIES) > 40


def test_every_oddity_of_bookingsync_says_why_it_matters_and_is_held_by_a_test():
    for oddity in ODDITIES:
        assert "**Why this matters**" in oddity, oddity
        (reference,) = re.findall(r"`(tests/\S+)::(\w+)`", oddity)
        assert re.search(rf"def {reference[1]}\(", (ROOT / reference[0]).read_text()), reference
