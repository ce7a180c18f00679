"""How the explorer's files are served."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from graph.explorer import bundle, explorer_page, explorer_routes
from graph.explorer.files import own_name, served_files

PIN = bundle.PINS[-1]
CONTENT = b"a script"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(bundle, "FOLDER", tmp_path / "assets")
    stored = bundle.stored(PIN, tmp_path / "assets")
    stored.parent.mkdir(parents=True)
    stored.write_bytes(gzip.compress(CONTENT))
    (tmp_path / "secret.gz").write_bytes(gzip.compress(b"secret"))
    served_files.cache_clear()
    yield TestClient(Starlette(routes=explorer_routes()))
    served_files.cache_clear()


def test_file_is_sent_compressed_and_kept_for_ever(client: TestClient) -> None:
    answer = client.get(f"/graphql/assets/{PIN.name}", headers={"Accept-Encoding": "gzip, br"})

    assert answer.content == CONTENT
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_client_that_knows_no_gzip_gets_the_file_itself(client: TestClient) -> None:
    answer = client.get(f"/graphql/assets/{PIN.name}", headers={"Accept-Encoding": "identity"})

    assert answer.content == CONTENT
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("file", "media_type"),
    [("explorer.js", "text/javascript"), ("explorer.css", "text/css"), ("favicon.svg", "image/svg+xml")],
)
def test_own_file_is_served_by_its_content(client: TestClient, file: str, media_type: str) -> None:
    answer = client.get(f"/graphql/assets/{own_name(file)}")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(media_type)
    assert client.get(f"/graphql/assets/staygraph@000000000000/{file}").status_code == 404


def test_favicon_is_found_where_browsers_look_for_it(client: TestClient) -> None:
    answer = client.get("/favicon.ico")

    assert answer.text.startswith("<svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["", "nothing.js", "../secret", "..%2Fsecret.gz", "%2Fetc%2Fpasswd", "explorer.js"])
def test_nothing_else_can_be_asked_for(client: TestClient, name: str) -> None:
    assert client.get(f"/graphql/assets/{name}").status_code == 404


def test_file_that_was_not_fetched_is_not_found(client: TestClient) -> None:
    assert client.get(f"/graphql/assets/{bundle.PINS[0].name}").status_code == 404
    assert "not built" in explorer_page(default_headers=None, tabs=[])


def test_files_can_be_fetched_while_the_server_runs(client: TestClient) -> None:
    for pin in bundle.PINS:
        stored = bundle.stored(pin, bundle.FOLDER)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(gzip.compress(CONTENT))

    assert "not built" not in explorer_page(default_headers=None, tabs=[])
    assert client.get(f"/graphql/assets/{bundle.PINS[0].name}").content == CONTENT
