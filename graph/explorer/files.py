"""Serves the explorer's files: those fetched at build time, and our own script, style sheet and icon."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from graph.explorer import bundle

ASSETS = "graphql/assets"
"""Address of the files, seen from the page at ``/graphql``. It is relative, so a proxy may add a prefix."""

OWN = Path(__file__).with_name("static")

MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

# Every address changes with the content behind it.
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file, its address below ``ASSETS`` and its type. ``path`` holds gzip if ``compressed``."""

    name: str
    path: Path
    compressed: bool

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[Path(self.name).suffix]


@cache
def own_name(file: str) -> str:
    """Address of one of our own files below ``ASSETS``: it carries a digest of the content."""
    digest = hashlib.sha256((OWN / file).read_bytes()).hexdigest()[:12]
    return f"staygraph@{digest}/{file}"


@cache
def served_files() -> Mapping[str, ServedFile]:
    """Every file that is served, by its address; nothing outside this list can be asked for."""
    third_party = [ServedFile(pin.name, bundle.stored(pin, bundle.FOLDER), compressed=True) for pin in bundle.PINS]
    own = [ServedFile(own_name(path.name), path, compressed=False) for path in OWN.iterdir()]
    return {file.name: file for file in (*third_party, *own)}


def explorer_routes() -> list[Route]:
    """Routes for the files and ``/favicon.ico``. They need no API key: they hold no data."""
    return [
        Route(f"/{ASSETS}/{{name:path}}", _asset, name="explorer_asset"),
        Route("/favicon.ico", _favicon, include_in_schema=False),
    ]


# Plain functions: Starlette runs them in a worker thread, where reading and unpacking a file blocks nobody.
def _asset(request: Request) -> Response:
    file = served_files().get(request.path_params["name"])
    if file is None or not file.path.is_file():
        return PlainTextResponse("There is no such file.", status_code=404)
    return _response(file, request, FOR_EVER)


def _favicon(request: Request) -> Response:
    return _response(served_files()[own_name("favicon.svg")], request, "public, max-age=86400")


def _response(file: ServedFile, request: Request, caching: str) -> Response:
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
    if not file.compressed:
        return FileResponse(file.path, media_type=file.media_type, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return FileResponse(file.path, media_type=file.media_type, headers=headers)
    return Response(gzip.decompress(file.path.read_bytes()), media_type=file.media_type, headers=headers)
