"""The README, the schema and the folders say what the code does: this holds them to it."""

import ast
import inspect
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from graphql import GraphQLEnumType, GraphQLSchema, build_schema, is_specified_scalar_type, parse, validate
from pydantic import BaseModel

from graph.accounts.consent import ConsentProblem
from graph.cli import app as commands
from graph.cli.demo import PORTFOLIO
from graph.cli.settings import list_settings
from graph.gateway.reports import SourceStatus
from graph.rejections import RejectionCode
from graph.schema.errors import CODES
from graph.schema.schema import schema_text
from graph.settings import Settings, load_settings
from providers import catalogue
from providers.capabilities import Capability
from providers.contract import Dialect, Plugin, ProviderClient, capabilities
from providers.errors import ErrorCode, UpstreamInvalid
from providers.manifest import AuthType
from providers.model import ListingField
from providers.quality import claims as claims_file
from providers.quality import declared, documented, field_page
from providers.quality.claims import Claims
from providers.quality.scale import RULES
from providers.queries import ListingQuery
from providers.simulation.faults import Fault, FaultKind
from providers.upstream.calls import Answer, Call, Token
from tests.gateway_world import world

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODULES = sorted(file for folder in ("graph", "providers") for file in (ROOT / folder).rglob("*.py"))

MAX_LINES = 400


def blocks(language: str) -> list[str]:
    """The code blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def table(*heading: str) -> list[tuple[str, ...]]:
    """The rows of the README's table with this heading, without back quotes."""
    head = f"| {' | '.join(heading)} |\n"
    assert README.count(head) == 1, f"one table with the heading {heading}"
    lines = README.split(head)[1].splitlines()[1:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip().replace("`", "") for cell in line.strip("|").split("|")))
    return rows


def command_paths(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield (*path, name)
            yield from command_paths(command, (*path, name))
        else:
            yield (*path, name)


def public_methods(cls: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(cls, inspect.isfunction) if not name.startswith("_")]


def imports(file: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports relatively"
            module = node.module or ""
            found |= {module, *(f"{module}.{each.name}" for each in node.names)}
    return found


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


# The README's tables.


def test_readme_lists_every_setting_with_its_default_and_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    home = str(Path.home())
    expected = [(row.variable, row.default.replace(home, "~"), row.meaning) for row in list_settings(Settings(), {})]
    assert table("Variable", "Default", "Meaning") == expected


def test_readme_lists_every_error_code_with_its_meaning() -> None:
    meanings = {**CODES, **{code.value: code.description for code in ErrorCode}}
    expected = [(code, meaning.replace("`", "")) for code, meaning in meanings.items()]
    assert table("Code", "Meaning") == expected


def test_readme_lists_every_command() -> None:
    named = [row[0] for row in table("Command", "What it does")]
    assert named == [" ".join(("staygraph", *path)) for path in command_paths(typer.main.get_command(commands))]


def test_readme_lists_every_method_of_a_client_with_its_capability() -> None:
    listed = {method: capability for method, capability, _ in table("Method", "Capability", "Gives")}
    assert sorted(listed) == public_methods(ProviderClient)
    for capability in Capability:
        methods = [method for method, named in listed.items() if named == capability]
        everything = type("Everything", (ProviderClient,), {method: lambda self: None for method in methods})
        assert capabilities(everything) == {capability}


def test_readme_lists_every_key_of_fields_to_sync_with_what_it_switches() -> None:
    assert table("Key", "Switches") == [(key.value, key.description) for key in ListingField]


def test_readme_names_every_method_of_a_dialect_and_of_a_plugin() -> None:
    guide = README.split("## Write a plugin")[1].split("## Folders")[0]
    for method in [*public_methods(Dialect), *public_methods(Plugin)]:
        assert f"`{method}`" in guide, method


def test_readme_lists_every_kind_of_fault() -> None:
    kinds = [kind for row in table("Kind", "What happens") for kind in row[0].split(", ")]
    assert sorted(kinds) == sorted(FaultKind)


def test_readme_lists_every_rule_of_the_quality_scale() -> None:
    assert table("Rule", "Level", "What it demands") == [(rule.name, rule.level.value, rule.text) for rule in RULES]


def test_quality_file_of_the_readme_is_understood() -> None:
    claims = Claims.model_validate(tomllib.loads(blocks("toml")[1]))
    assert claims.calls.listings_by_id == 50
    assert {*claims.done, *claims.exempt} <= {rule.name for rule in RULES}


def test_readme_names_every_file_that_a_plugin_ships() -> None:
    guide = README.split("## Write a plugin")[1].split("## Folders")[0]
    for name in (documented.FILE, field_page.FILE, claims_file.FILE, declared.BEHAVIOR):
        assert name in guide, name
    for key in ("values", "instead_of", "unread"):
        assert f"`{key}`" in guide, key


def test_readme_names_every_profile_of_limits() -> None:
    for code, plugin in catalogue.plugins().items():
        for profile in plugin.manifest.limits:
            assert re.search(rf"LIMITS` \| .*\b{re.escape(profile)}\b", README), (code, profile)


def test_pages_of_behavior_name_tests_that_exist() -> None:
    for code in catalogue.plugins():
        page = (ROOT / "providers" / code.lower() / declared.BEHAVIOR).read_text(encoding="utf-8")
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
        assert named, code
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), (file, test)


def test_readme_explains_every_status_of_a_source() -> None:
    assert [status for status in SourceStatus if f"`{status}`" not in README] == []


def test_readme_names_every_provider_and_how_to_connect_it() -> None:
    for code, plugin in catalogue.plugins().items():
        assert plugin.manifest.name in README
        assert f"staygraph accounts add {code.lower()}" in README
        assert f"(providers/{code.lower()}/BEHAVIOR.md)" in README
        assert f"(providers/{code.lower()}/FIELDS.md)" in README


def test_readme_shows_every_folder() -> None:
    folders = README.split("## Folders")[1]
    for package in ("graph", "providers"):
        for init in (ROOT / package).glob("*/__init__.py"):
            assert f"{init.parent.name}/" in folders, init.parent


# The README's examples.


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(schema_text())


@pytest.mark.parametrize("query", blocks("graphql"))
def test_query_of_the_readme_is_valid(schema: GraphQLSchema, query: str) -> None:
    assert validate(schema, parse(query)) == []


async def test_readme_shows_the_answer_that_the_demo_gives(tmp_path: Path) -> None:
    async with world(
        tmp_path,
        hostaway_accounts=PORTFOLIO["HOSTAWAY"][0],
        bookingsync_accounts=PORTFOLIO["BOOKINGSYNC"][0],
        listings={code: listings for code, (_, listings) in PORTFOLIO.items()},
        call_timeout=30.0,
    ) as running:
        assert await running.ask(blocks("graphql")[0]) == json.loads(blocks("json")[0])


def test_readme_lists_every_code_of_a_user_error() -> None:
    assert table("User error", "Meaning") == [(code.value, code.description) for code in RejectionCode]


def shell_lines() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines()]


@pytest.mark.parametrize("line", [line for line in shell_lines() if line.startswith("staygraph ")])
def test_command_of_the_readme_is_accepted(line: str) -> None:
    command: Any = typer.main.get_command(commands)
    words = shlex.split(line, comments=True)[1:]
    while hasattr(command, "commands") and (words or not command.invoke_without_command):
        command = command.commands[words.pop(0)]
    assert command.make_context("staygraph", words)


def test_settings_of_the_readme_are_accepted() -> None:
    (exported,) = [line for line in shell_lines() if line.startswith("export ")]
    environ = dict(word.split("=", 1) for word in shlex.split(exported)[1:])
    settings = load_settings(environ)
    assert settings.provider_urls == {"HOSTAWAY": "http://127.0.0.1:9001"}
    assert settings.warnings == ()
    for setting in re.findall(r"`(STAYGRAPH_\w+=\S+)`", README):
        assert load_settings(dict([setting.split("=", 1)])).warnings == ()


def test_credentials_of_the_readme_fit_bookingsync() -> None:
    (method,) = [each for each in catalogue.plugin("bookingsync").manifest.auth_methods if each.type is AuthType.OAUTH]
    checked = method.config.model_validate_json(blocks("json")[1])
    assert checked.model_fields_set == {"client_id", "client_secret"}


def test_readme_lists_what_clients_are_told_after_a_consent() -> None:
    meanings = {problem.value: problem.description for problem in ConsentProblem}
    told = dict(table("`error`", "What happened"))
    assert told == {code: meanings[code] for code in told}
    assert set(meanings) - set(told) == {ConsentProblem.REQUEST_INVALID, ConsentProblem.ACCOUNT_CHANGED}


def test_fault_of_the_readme_is_accepted() -> None:
    (line,) = [line for line in shell_lines() if "/_control/faults" in line]
    assert Fault.model_validate_json(shlex.split(line)[-1]).kind is FaultKind.STATUS


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = [line for line in shell_lines() if "pytest" in line]
    assert f"\nbash -c '{command}'\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", README)
    assert len(links) >= 4
    assert [link for link in links if not link.startswith("https://") and not (ROOT / link).exists()] == []


def test_modules_named_in_the_readme_exist() -> None:
    for name in re.findall(r"`(providers(?:\.\w+)+)`", README):
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute) or import_module(name), name


# The README's plugin.


class OneAnswer:
    """A session of which every call is answered alike."""

    account_id = "acc_1"

    def __init__(self, body: Any) -> None:
        self._body = json.dumps(body).encode()

    async def send(self, _: Call) -> Answer:
        return Answer(status=200, headers={}, body=self._body, received_at=datetime.now(UTC))

    async def token(self) -> Token | None:
        return None


@pytest.fixture(scope="module")
def acme() -> Plugin:
    (source,) = blocks("python")
    namespace: dict[str, Any] = {"__name__": "acme"}
    exec(compile(source, "acme.py", "exec"), namespace)  # noqa: S102  # our own README
    plugin = namespace["PLUGIN"]
    assert isinstance(plugin, Plugin)
    return plugin


def config_of(plugin: Plugin) -> BaseModel:
    return plugin.manifest.auth_methods[0].config.model_validate({"key": "secret"})


async def test_plugin_of_the_readme_lists_what_its_pms_sends(acme: Plugin) -> None:
    session = OneAnswer([{"id": 7, "title": "Hut", "sleeps": "4"}, {"title": "without an id"}])
    client = acme.client(session, config_of(acme))
    page = await client.listing_page(ListingQuery(), None)
    assert [(item.provider_id, item.name, item.max_guests) for item in page.items] == [("7", "Hut", 4)]
    assert [odd.reason for odd in page.odd] == ["id: missing"]
    assert page.next == "2"
    assert list((await client.listings(["7", "8"])).found) == ["7"]
    with pytest.raises(UpstreamInvalid):
        await acme.client(OneAnswer({}), config_of(acme)).check()


def test_plugin_of_the_readme_has_the_capability_it_shows(acme: Plugin) -> None:
    assert capabilities(acme.client_class) == {Capability.LISTINGS}
    headers = acme.dialect(AuthType.API_KEY, config_of(acme)).headers(None)
    assert headers == {"X-Acme-Key": "secret"}


def test_entry_point_of_the_readme_is_where_plugins_are_found(acme: Plugin) -> None:
    example, _ = blocks("toml")
    points = tomllib.loads(example)["project"]["entry-points"]
    assert points == {catalogue.GROUP: {acme.manifest.code.lower(): "acme:PLUGIN"}}


# The schema.


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Every element of the schema that a client can see, and its description."""
    for name, kind in schema.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        fields: dict[str, Any] = getattr(kind, "fields", {})
        for field_name, field in fields.items():
            yield f"{name}.{field_name}", field.description
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument_name})", argument.description
        if isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description


def test_every_element_of_the_schema_is_described(schema: GraphQLSchema) -> None:
    elements = dict(described(schema))
    assert len(elements) > 300
    assert [name for name, description in elements.items() if not (description or "").strip()] == []


def test_exported_schema_is_that_of_the_code() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == schema_text()


# The folders.


def test_modules_stay_small() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in MODULES}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_providers_never_import_graph() -> None:
    upward = {
        str(file.relative_to(ROOT))
        for file in MODULES
        if file.is_relative_to(ROOT / "providers") and any(inside(module, "graph") for module in imports(file))
    }
    assert upward == set()


@pytest.mark.parametrize("provider", [code.lower() for code in catalogue.plugins()])
def test_simulator_and_plugin_do_not_know_each_other(provider: str) -> None:
    """Only the plugin's front door starts the simulator."""
    package, simulator = f"providers.{provider}", f"providers.{provider}.simulator"
    for file in (ROOT / "providers" / provider).rglob("*.py"):
        known = imports(file)
        if "simulator" in file.relative_to(ROOT / "providers" / provider).parts:
            assert [each for each in known if inside(each, package) and not inside(each, simulator)] == [], file
        elif file.name != "plugin.py":
            assert [each for each in known if inside(each, simulator)] == [], file
