"""Reads an ``authConfig`` from options, a file or the keyboard, and checks it against the provider's model."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from graph.cli.failures import CommandError, ExitCode
from providers.contract import Plugin
from providers.manifest import AuthMethod, AuthType

Ask = Callable[[str, bool], str]
"""Asks for one value: the question, and whether what is typed must not be seen."""

MAX_FILE_CHARACTERS = 1_000_000


def choose_method(plugin: Plugin, auth_type: str | None) -> AuthMethod:
    """The provider's auth method of that type (default: its first). Raises ``CommandError`` naming those there are."""
    methods = plugin.manifest.auth_methods
    if auth_type is None:
        return methods[0]
    known = ", ".join(method.type for method in methods)
    wanted = auth_type_named(auth_type, known)
    for method in methods:
        if method.type is wanted:
            return method
    raise CommandError(f"{auth_type} is not one of {plugin.manifest.name}'s. Choose one of {known}.", ExitCode.USAGE)


def auth_type_named(text: str, known: str = ", ".join(AuthType)) -> AuthType:
    """The auth type of that name, in any case; USERNAME_PASSWORD is EMAIL_PASSWORD. Raises ``CommandError``."""
    wanted = text.upper().replace("-", "_")
    if wanted == "USERNAME_PASSWORD":
        return AuthType.EMAIL_PASSWORD
    if wanted not in AuthType.__members__:
        raise CommandError(f"{text} is not an auth type. Choose one of {known}.", ExitCode.USAGE)
    return AuthType[wanted]


def read_config(pairs: Sequence[str], file: str | None) -> dict[str, Any]:
    """What ``--config`` and ``--config-file`` give together; a pair wins over the file. Raises ``CommandError``."""
    config = _read_file(file) if file is not None else {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key.strip():
            # The text is not repeated: it may be a secret.
            raise CommandError("--config takes key=value.", ExitCode.USAGE)
        config[key.strip()] = value
    return config


def complete_config(method: AuthMethod, config: dict[str, Any], ask: Ask | None) -> dict[str, Any]:
    """``config`` with what is missing asked for (``ask`` None: nobody is there to answer).

    Raises ``CommandError`` naming each field that is missing.
    """
    missing = _missing(method, config)
    if missing and ask is None:
        names = ", ".join(missing)
        raise CommandError(
            f"Missing for {method.type}: {names}. Give each with --config name=value, or all in --config-file.",
            ExitCode.USAGE,
        )
    for name, field in missing.items():
        config[name] = ask(field.description or name, is_secret(field)) if ask else None
    return config


def ask_on_terminal() -> Ask | None:
    """How to ask the person at the terminal; None if there is none."""
    if not sys.stdin.isatty():
        return None

    def ask(question: str, hidden: bool) -> str:
        answer: str = typer.prompt(question.rstrip("."), hide_input=hidden, err=True)
        return answer

    return ask


def field_names(method: AuthMethod) -> list[str]:
    """The fields of an ``authConfig``, optional ones with a question mark."""
    fields = method.config.model_fields.items()
    return [(field.alias or name) + ("" if field.is_required() else "?") for name, field in fields]


def is_secret(field: FieldInfo) -> bool:
    """Whether a field's value must never be seen."""
    return _mentions_secret(field.annotation)


def _mentions_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_mentions_secret(each) for each in get_args(annotation))


def _missing(method: AuthMethod, config: dict[str, Any]) -> dict[str, FieldInfo]:
    return {
        field.alias or name: field
        for name, field in method.config.model_fields.items()
        if field.is_required() and not {name, field.alias} & config.keys()
    }


def _read_file(file: str) -> dict[str, Any]:
    try:
        if file == "-":
            text = sys.stdin.read(MAX_FILE_CHARACTERS)
        else:
            with Path(file).expanduser().open(encoding="utf-8") as stream:
                text = stream.read(MAX_FILE_CHARACTERS)
        config = json.loads(text)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", ExitCode.USAGE) from None
    except (ValueError, RecursionError):
        raise CommandError(f"{file} does not hold JSON.", ExitCode.USAGE) from None
    if not isinstance(config, dict):
        raise CommandError(f"{file} must hold one JSON object.", ExitCode.USAGE)
    return config
