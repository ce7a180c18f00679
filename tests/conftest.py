"""What holds for all tests."""

import pytest
from hypothesis import settings

# How long an example takes says more of how busy the machine is than of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

LONGEST = (
    "tests/browser/test_demo_in_chromium.py",
    "tests/graph/events/test_apart.py",
    "tests/graph/cli/test_running_commands.py",
    "tests/graph/changes/test_bench_of_creates.py",
    "tests/providers/quality/test_quality_scale.py",
    "tests/graph/web/test_subscribing_soon.py",
    "tests/graph/events/test_disorder.py",
)
"""Files that take tens of seconds."""


def pytest_configure(config: pytest.Config) -> None:
    """Where workers share the files, have them begun in the order below, not in that of how many tests they have."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first: none is left for one worker while the others have nothing to do."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(node: str) -> int:
    file = node.split("::", 1)[0]
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)
