"""Rules about what a plugin declares and ships: manifest, capabilities, wire models, BEHAVIOR.md."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from providers.capabilities import Capability
from providers.contract import ProviderClient, methods_of
from providers.manifest import AuthMethod
from providers.quality.field_page import FILE as FIELDS
from providers.quality.field_page import field_page, probed_objects, unaccounted
from providers.quality.folder import FileProblem
from providers.quality.level import NotApplicable, NotCheckable, demand
from providers.quality.subject import Subject
from providers.wire import WireModel

BEHAVIOR = "BEHAVIOR.md"
OFF = "off"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_NUMBERED = re.compile(r"^(\d+)\. ", flags=re.MULTILINE)


async def manifest(subject: Subject) -> None:
    facts = subject.plugin.manifest
    demand(re.fullmatch(r"[A-Z][A-Z0-9_]*", facts.code), "the code is not in capital letters")
    demand(facts.name.strip(), "there is no name")
    demand(_is_https(facts.docs_url), "docs_url is not an https address")
    demand(_is_https(facts.base_url), "base_url is not an https address")
    demand(urlsplit(facts.base_url).path == "", "base_url holds a path, which belongs into api_prefix")
    demand(facts.default_limits in facts.limits, "default_limits names no profile of limits")
    demand(facts.limits.get(OFF) == (), f"there is no profile {OFF!r} without limits")
    demand(facts.limits[facts.default_limits], "the default profile limits nothing")
    demand(facts.auth_methods, "there is no way to authenticate")
    for method in facts.auth_methods:
        _demand_described(method)


def _demand_described(method: AuthMethod) -> None:
    config, name = method.config, method.type.value
    demand(method.description.strip(), f"{name} has no description")
    demand(config.model_config.get("extra") == "forbid", f"{name} does not refuse unknown fields")
    demand(config.model_config.get("hide_input_in_errors"), f"errors of {name} would show what was put in")
    for field, info in config.model_fields.items():
        demand(info.description, f"{name}.{field} has no description")
    secret = [field for field, info in config.model_fields.items() if SecretStr in _kinds(info.annotation)]
    demand(secret, f"{name} has no SecretStr field, although an account has something secret")


def _kinds(annotation: object) -> set[object]:
    return {annotation, *getattr(annotation, "__args__", ())}


def _is_https(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" and bool(parts.hostname)


async def capabilities(subject: Subject) -> None:
    client = subject.plugin.client_class
    demand(client.provider == subject.plugin.manifest.code, "the client names another provider than the manifest")
    demand(subject.capabilities, "the client can read nothing")
    for capability in Capability:
        named = methods_of(capability)
        own = [each for each in named if getattr(client, each) is not getattr(ProviderClient, each)]
        demand(not own or len(own) == len(named), f"{capability} is half there: only {', '.join(own)}")
    told = Capability.DICTIONARIES in subject.capabilities
    demand(bool(client.dictionaries) == told, "dictionaries and the method for them do not go together")


async def wire_models(subject: Subject) -> None:
    models = list(_wire_models(subject))
    if not models:
        raise NotApplicable("the plugin reads without WireModel: unknown-fields looks at what comes out")
    for model in models:
        demand(model.model_config.get("extra") != "forbid", f"{model.__name__} refuses records with new fields")


def _wire_models(subject: Subject) -> Iterator[type[BaseModel]]:
    module = type(subject.plugin).__module__
    package = module.rpartition(".")[0] or module
    for name, loaded in sorted(sys.modules.items()):
        if name == package or name.startswith(f"{package}."):
            for each in vars(loaded).values():
                if isinstance(each, type) and issubclass(each, WireModel) and each.__module__ == name:
                    yield each


async def behavior(subject: Subject) -> None:
    page = subject.folder / BEHAVIOR
    demand(page.is_file(), f"{BEHAVIOR} is missing beside the plugin")
    text = page.read_text(encoding="utf-8")
    numbers = [int(each) for each in _NUMBERED.findall(text)]
    demand(numbers, f"{BEHAVIOR} has no numbered entries")
    demand(numbers == list(range(1, len(numbers) + 1)), f"{BEHAVIOR} is not numbered from 1 without a gap")
    for number, entry in zip(numbers, _NUMBERED.split(text)[2::2], strict=True):
        demand("Why this matters" in entry, f"{BEHAVIOR} {number} does not say why it matters")
        demand(_TEST.search(entry), f"{BEHAVIOR} {number} names no test")
    _demand_tests(subject.folder, _TEST.findall(text))


def _demand_tests(folder: Path, named: list[tuple[str, str]]) -> None:
    root = next((each for each in folder.parents if any((each / file).is_file() for file, _ in named)), None)
    if root is None:
        raise NotCheckable("the tests are not here: they come with the sources, not with the wheel")
    for file, test in named:
        source = (root / file).read_text(encoding="utf-8") if (root / file).is_file() else ""
        demand(re.search(rf"def {test}\(", source), f"{BEHAVIOR} names {file}::{test}, which does not exist")


async def documented_fields(subject: Subject) -> None:
    """Every documented field is in the unified type or in ``raw``, or a reason says why it is not read."""
    try:
        objects = await probed_objects(subject.plugin)
    except (FileProblem, LookupError) as problem:
        demand(False, str(problem))
        return
    missing = unaccounted(objects)
    more = f", and {len(missing) - 5} more" if len(missing) > 5 else ""
    demand(not missing, f"{'; '.join(missing[:5])}{more}")
    page = subject.folder / FIELDS
    demand(page.is_file(), f"{FIELDS} is missing beside the plugin")
    made = field_page(subject.plugin, objects)
    demand(page.read_text(encoding="utf-8") == made, f"{FIELDS} is out of date")
