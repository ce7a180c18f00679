"""``staygraph notifications``."""

from typing import Any


def test_secret_is_the_same_each_time_and_stands_alone_on_standard_output(terminal: Any) -> None:
    first = terminal.run("notifications", "secret")
    assert first.exit_code == 0
    assert first.stdout.startswith("sgn_")
    assert len(first.stdout.split()) == 1
    assert terminal.json("notifications", "secret") == {"secret": first.stdout.strip()}
