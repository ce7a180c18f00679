"""``staygraph schema``: the GraphQL schema as text."""

from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from graph.cli.failures import CommandError, ExitCode


def schema(
    check: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Compare with this file instead of printing.")
    ] = None,
) -> None:
    """Print the GraphQL schema, or check that a file still holds it (exit code 1 and a diff if not).

    Example: [bold]staygraph schema > schema.graphql[/bold]

    Example: [bold]staygraph schema --check schema.graphql[/bold]
    """
    from graph.schema.schema import schema_text  # noqa: PLC0415  # it takes a while to build; others need none

    sdl = schema_text()
    if check is None:
        typer.echo(sdl, nl=False)
        return
    difference = compare(check, sdl)
    if difference:
        typer.echo(difference, nl=False)
        raise CommandError(
            f"{check} is not the schema of this version. Renew it with: staygraph schema > {check}",
            ExitCode.CHECK_FAILED,
        )


def compare(file: Path, sdl: str) -> str:
    """How ``file`` differs from the schema, as a unified diff; empty if it does not. Raises ``CommandError``."""
    try:
        kept = file.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", ExitCode.USAGE) from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not UTF-8 text.", ExitCode.USAGE) from None
    lines = unified_diff(
        kept.splitlines(), sdl.splitlines(), fromfile=str(file), tofile="this version", lineterm="", n=2
    )
    return "".join(f"{line}\n" for line in lines)
