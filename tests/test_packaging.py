"""What the distribution declares is what the code needs."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = {"graph", "providers", "tests"}

# The build hook runs at build time, where hatchling is; its tests bring it along.
BUILD_HOOK = ROOT / "graph" / "explorer" / "build.py"


def distribution(requirement: str) -> str:
    """The normalized name in a requirement."""
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def top_modules(*folders: str) -> set[str]:
    """The third-party modules that the files of these folders import, by their first part."""
    found: set[str] = set()
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py") if file != BUILD_HOOK):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
    return found - OWN - sys.stdlib_module_names


def undeclared(modules: set[str], requirements: list[str]) -> list[str]:
    declared = {distribution(each) for each in requirements}
    shipped_by = packages_distributions()
    return sorted(
        module for module in modules if not declared & {distribution(each) for each in shipped_by.get(module, [])}
    )


def test_every_import_of_the_code_is_a_declared_dependency() -> None:
    # pydantic pins pydantic-core to one version: declaring it here would only get in the way.
    modules = top_modules("graph", "providers") - {"pydantic_core"}
    assert "strawberry" in modules
    assert undeclared(modules, PROJECT["dependencies"]) == []


def test_every_import_of_the_tests_is_a_declared_dependency() -> None:
    requirements = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    modules = top_modules("tests")
    assert "pytest" in modules
    assert undeclared(modules, requirements) == []


@pytest.mark.parametrize("left", [".venv", ".pytest_cache", ".hypothesis", "graph/explorer/assets/x", "dist", "build"])
def test_what_the_commands_leave_behind_is_ignored_by_git(left: str) -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a clone")
    done = subprocess.run([git, "check-ignore", "-q", f"{left}/"], cwd=ROOT, check=False)  # noqa: S603  # fixed words
    assert done.returncode == 0
