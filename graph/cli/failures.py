"""How commands fail: one clear line and an exit code that means something, never a traceback."""

from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from graph.accounts.creation import CheckFailed
from graph.accounts.vault import VaultError
from graph.cli.screen import complain
from graph.rejections import Rejected
from graph.settings import SettingsError
from graph.storage.failures import StorageError
from providers.catalogue import UnknownProvider
from providers.errors import ErrorCode, ProviderError


class ExitCode(IntEnum):
    """What the shell learns. The main help text explains them."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    UPSTREAM = 3
    STORAGE = 4
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot do its work; ``message`` says why and what to do."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


_REFUSALS = {ErrorCode.AUTHENTICATION_FAILED, ErrorCode.PERMISSION_DENIED, ErrorCode.UPSTREAM_REFUSED}


def exit_code(error: ProviderError) -> ExitCode:
    """Whether a PMS said no, or could not be asked."""
    if error.code is ErrorCode.NOT_SUPPORTED:
        return ExitCode.USAGE
    return ExitCode.CHECK_FAILED if error.code in _REFUSALS else ExitCode.UPSTREAM


def describe(error: ProviderError) -> str:
    """A PMS's failure in one line."""
    again = f" Try again in {error.retry_after:.0f} s." if error.retry_after is not None else ""
    return f"{error.code}: {error.message}{again}"


def describe_refusal(refusal: Rejected) -> str:
    """All that is wrong with an input, a line each."""
    lines = []
    for each in refusal.rejections:
        allowed = f" Allowed: {each.allowed.removesuffix('.')}." if each.allowed else ""
        lines.append(": ".join(filter(None, (".".join(each.field), f"{each.message}{allowed}"))))
    return "\n".join(lines)


class Commands(TyperGroup):
    """The group of all commands, with the failures that people can do something about turned into words."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CommandError as failure:
            complain(failure.message)
            raise typer.Exit(failure.code) from None
        except CheckFailed as failure:
            complain(f"Nothing was stored. {describe(failure.error)}")
            raise typer.Exit(exit_code(failure.error)) from None
        except Rejected as refusal:
            complain(describe_refusal(refusal))
            raise typer.Exit(ExitCode.USAGE) from None
        except SettingsError as error:
            count = len(error.problems)
            complain(f"{count} setting{'s are' if count > 1 else ' is'} wrong:\n{error}")
            raise typer.Exit(ExitCode.USAGE) from None
        except UnknownProvider as error:
            complain(str(error))
            raise typer.Exit(ExitCode.USAGE) from None
        except (StorageError, VaultError) as error:
            complain(str(error))
            raise typer.Exit(ExitCode.STORAGE) from None
        except ProviderError as error:
            complain(describe(error))
            raise typer.Exit(exit_code(error)) from None
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
