"""Which third-party files the explorer needs, and how they are fetched; npm is played by a small program."""

import base64
import gzip
import hashlib
import io
import json
import re
import stat
import sys
import tarfile
from importlib import resources
from pathlib import Path

import pytest

from graph.explorer import bundle
from graph.explorer.__main__ import main
from graph.explorer.bundle import BundleError, Pin

SHEET = b"body { color: teal }"
SCRIPT = b"console.log('tern')"
LICENCE = b"Do what you like."


def pin(path: str, content: bytes, package: str = "@tern/page") -> Pin:
    return Pin(package, "1.2.3", path, base64.b64encode(hashlib.sha384(content).digest()).decode())


@pytest.fixture(autouse=True)
def two_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "PINS", (pin("dist/page.css", SHEET), pin("page.js", SCRIPT)))


def tarball(files: dict[str, bytes], name: str = "@tern/page") -> bytes:
    described = {"package.json": json.dumps({"name": name, "version": "1.2.3"}).encode()} | files
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, content in described.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def npm(folder: Path, body: str) -> str:
    """A program in npm's place: Python code that runs where npm would."""
    program = folder / "npm"
    program.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def delivering(folder: Path, content: bytes) -> str:
    (folder / "delivery").write_bytes(content)
    copy = f"pathlib.Path('any-name.tgz').write_bytes(pathlib.Path({str(folder / 'delivery')!r}).read_bytes())"
    return npm(folder, f"assert '@tern/page@1.2.3' in sys.argv and '--ignore-scripts' in sys.argv\n{copy}")


def good(folder: Path) -> str:
    return delivering(folder, tarball({"dist/page.css": SHEET, "page.js": SCRIPT, "LICENSE": LICENCE}))


def test_fetched_files_are_stored_compressed_with_their_licence(tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    bundle.fetch(assets, good(tmp_path))

    spec = assets / "@tern" / "page@1.2.3"
    assert gzip.decompress((spec / "dist" / "page.css.gz").read_bytes()) == SHEET
    assert gzip.decompress((spec / "page.js.gz").read_bytes()) == SCRIPT
    assert (spec / "LICENSE").read_bytes() == LICENCE
    assert bundle.intact(assets)


def test_fetching_leaves_out_what_an_earlier_version_left(tmp_path: Path) -> None:
    old = tmp_path / "assets" / "@tern" / "page@1.0.0" / "page.js.gz"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    bundle.fetch(tmp_path / "assets", good(tmp_path))

    assert not old.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["assets", "delivery", "npm"]


@pytest.mark.parametrize(
    ("delivered", "reason"),
    [
        pytest.param(tarball({"dist/page.css": SHEET, "page.js": b"something else"}), "digest differs", id="altered"),
        pytest.param(tarball({"dist/page.css": SHEET}), "digest differs", id="a file less"),
        pytest.param(tarball({"page.js": SCRIPT}, name="other"), "did not deliver", id="another package"),
        pytest.param(b"not an archive", "broken archive", id="broken"),
    ],
)
def test_delivery_that_is_not_right_changes_nothing(tmp_path: Path, delivered: bytes, reason: str) -> None:
    assets = tmp_path / "assets"
    bundle.fetch(assets, good(tmp_path))
    with pytest.raises(BundleError, match=reason):
        bundle.fetch(assets, delivering(tmp_path, delivered))

    assert bundle.intact(assets)


def test_failure_of_npm_names_its_code_and_no_address(tmp_path: Path) -> None:
    complaint = "npm error code ENOTFOUND\\nnpm error request to https://user:secret@registry.invalid/ failed"
    program = npm(tmp_path, f"sys.stderr.write('{complaint}'); sys.exit(1)")
    with pytest.raises(BundleError, match="ENOTFOUND") as raised:
        bundle.fetch(tmp_path / "assets", program)

    assert "secret" not in str(raised.value)
    assert not (tmp_path / "assets").exists()


def test_npm_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "NPM_SECONDS", 0.05)
    with pytest.raises(BundleError, match="did not finish"):
        bundle.fetch(tmp_path / "assets", npm(tmp_path, "import time; time.sleep(20)"))


def test_npm_that_cannot_be_started_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="did not start"):
        bundle.fetch(tmp_path / "assets", str(tmp_path / "nowhere"))


def test_damaged_file_is_not_intact(tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    bundle.fetch(assets, good(tmp_path))
    stored = bundle.stored(bundle.PINS[1], assets)
    for content in (gzip.compress(b"other"), b"no gzip", gzip.compress(SCRIPT)[:-9]):
        stored.write_bytes(content)
        assert not bundle.intact(assets)


def test_command_fetches_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundle, "FOLDER", tmp_path / "assets")
    program = good(tmp_path)
    monkeypatch.setattr(bundle, "find_npm", lambda: program)
    assert not bundle.present()
    assert main() == 0
    assert bundle.present()

    monkeypatch.setattr(bundle, "find_npm", lambda: pytest.fail("everything is there: npm is not wanted"))
    assert main() == 0
    assert "complete" in capsys.readouterr().out


def test_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundle, "FOLDER", tmp_path / "assets")
    monkeypatch.setattr(bundle, "find_npm", lambda: None)
    assert main() == 1
    assert "Node.js" in capsys.readouterr().err

    program = npm(tmp_path, "sys.stderr.write('npm error code E404'); sys.exit(1)")
    monkeypatch.setattr(bundle, "find_npm", lambda: program)
    assert main() == 1
    assert "E404" in capsys.readouterr().err


def test_pins_are_those_of_strawberrys_own_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but js-cookie, which is there for Django. Strawberry tests these versions together; we follow."""
    monkeypatch.undo()
    page = resources.files("strawberry").joinpath("static/graphiql.html").read_text()
    named = re.findall(
        r'(?:src|href)="https://[^/"]+/((?:@[^/"]+/)?[^@/"]+)@([^/"]+)/([^"]+)"\s+integrity="sha384-([^"]+)"', page
    )

    assert {Pin(*parts) for parts in named if parts[0] != "js-cookie"} == set(bundle.PINS)
