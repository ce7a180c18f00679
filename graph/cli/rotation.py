"""``staygraph keys rotate-secrets``: other keys for what is sealed."""

import asyncio
from typing import Annotated

import typer

from graph.accounts.rotation import PAUSE_SECONDS, Counts, Resealed, Rotation, use_new_key
from graph.cli.failures import CommandError, ExitCode
from graph.cli.local import opened_vault, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, say, show_json, warn
from graph.events.inbox import set_aside_inboxes
from graph.events.inbox_left import left_bodies, take_in_left
from graph.settings import Settings, variable_name
from graph.storage.database import Database


def rotate_secrets(
    check: Annotated[
        bool, typer.Option("--check", help="Only count. Exit code 1 while a key other than the first is needed.")
    ] = False,
    new_key: Annotated[
        bool,
        typer.Option(
            "--new-key",
            help="First put a new key at the head of the key file. Running gateways that share the file take it within "
            "seconds; any other gateway has to be given the file and restarted before.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Seal all stored secrets with the first of the vault's keys, so that older keys can be dropped.

    It may be broken off and run again, and gateways may go on meanwhile: if they know the first key.

    Example: [bold]staygraph keys rotate-secrets --new-key[/bold]
    """
    if check and new_key:
        raise CommandError("--check changes nothing: leave out --new-key.", ExitCode.USAGE)
    settings = prepare_settings()
    if new_key and settings.secret_keys:
        raise CommandError(
            f"The keys are those of {variable_name('secret_keys')}: put a new one there yourself. Restart every "
            "gateway with it in second place, then with it in first place, then run this without --new-key.",
            ExitCode.USAGE,
        )
    done, counts, set_aside = asyncio.run(_run(settings, check=check, new_key=new_key))
    if as_json:
        show_json(_json(done, counts))
    else:
        _show(settings, done, counts)
    for name in set_aside:
        warn(f"{name} has webhooks that could not be stored. They need the keys of then until you delete the file.")
    if counts.unreadable:
        raise typer.Exit(ExitCode.STORAGE)
    if check and counts.older:
        raise typer.Exit(ExitCode.CHECK_FAILED)


async def _run(settings: Settings, *, check: bool, new_key: bool) -> tuple[Resealed | None, Counts, list[str]]:
    async with opened_vault(settings) as (database, vault):
        rotation = Rotation(database, vault)
        if check:
            return None, await rotation.count(await left_bodies(database)), _set_aside(database)
        if new_key:
            note(f"Putting a new key into {settings.key_file}; gateways get {2 * PAUSE_SECONDS:.0f} s to read it.")
            await use_new_key(settings, database, vault)
        # What is in a file of a gateway that died is sealed with the keys of then.
        await take_in_left(database)
        return await rotation.reseal(), await rotation.count(await left_bodies(database)), _set_aside(database)


def _set_aside(database: Database) -> list[str]:
    return [] if database.file is None else [path.name for path in set_aside_inboxes(database.file)]


def _show(settings: Settings, done: Resealed | None, counts: Counts) -> None:
    if done is not None:
        say(f"{done.count} of {counts.total} sealed values were sealed anew.")
        for name in done.unreadable:
            warn(f"{name} cannot be opened with the keys in use.")
    say(f"{counts.first} of {counts.total} are sealed with the first key, {counts.older} with others in use.")
    if counts.unreadable:
        warn(f"{counts.unreadable} cannot be opened: put the key that sealed them back, then run this again.")
    if counts.older:
        note("Keep the other keys. Run this without --check." if done is None else "Keep the other keys.")
        return
    place = variable_name("secret_keys") if settings.secret_keys else str(settings.key_file)
    note(
        f"The keys behind the first one in {place} may be dropped, once no gateway runs that started with another "
        "first key. Keep them with backups of the database that are older than this."
    )


def _json(done: Resealed | None, counts: Counts) -> dict[str, object]:
    return {
        "resealed": None if done is None else done.count,
        "first": counts.first,
        "older": counts.older,
        "unreadable": counts.unreadable,
        "olderKeysNeeded": counts.older > 0,
    }
