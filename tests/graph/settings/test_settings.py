"""Settings: where they come from, which wins, and what is said about wrong ones."""

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from graph.settings import (
    PROVIDER_FIELDS,
    Settings,
    SettingsError,
    allowed_values,
    base_url,
    default_data_dir,
    load_settings,
)


def fake_plugins() -> dict[str, Any]:
    manifest = SimpleNamespace(
        code="ACME",
        base_url="https://api.acme.test",
        api_prefix="/v9",
        limits={"slow": (), "fast": ()},
        default_limits="slow",
    )
    return {"ACME": SimpleNamespace(manifest=manifest)}


def load(environ: dict[str, str], **overrides: Any) -> Settings:
    return load_settings(environ, plugins=fake_plugins, **overrides)


def problems_of(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    return {problem.variable: str(problem) for problem in caught.value.problems}


def test_defaults_hold_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = load({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.data_dir == tmp_path / "staygraph"
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/staygraph/staygraph.db"
    assert settings.warnings == ()


def test_data_dir_is_in_the_home_folder_without_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert default_data_dir() == tmp_path / ".staygraph"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/against/the/specification")
    assert default_data_dir() == tmp_path / ".staygraph"


def test_environment_wins_over_the_file_and_overrides_over_both(tmp_path: Path) -> None:
    file = tmp_path / "staygraph.toml"
    file.write_text('port = 1001\nhost = "10.0.0.1"\ncall_timeout = 2.5\n')
    environ = {"STAYGRAPH_CONFIG": str(file), "STAYGRAPH_PORT": "1002", "STAYGRAPH_HOST": "10.0.0.2"}
    settings = load(environ, host="10.0.0.3")
    assert (settings.call_timeout, settings.port, settings.host) == (2.5, 1002, "10.0.0.3")


def test_env_file_with_quotes_comments_and_foreign_lines(tmp_path: Path) -> None:
    file = tmp_path / "staygraph.env"
    file.write_text("# ours\nSTAYGRAPH_HOST='0.0.0.0'\nexport STAYGRAPH_PORT=99\nOTHER=1\nSTAYGRAPH_LOG_LEVEL=\n")
    settings = load({"STAYGRAPH_CONFIG": str(file)})
    assert (settings.host, settings.port, settings.log_level) == ("0.0.0.0", 99, "info")
    assert settings.warnings == ()


def test_toml_file_with_a_table_for_a_provider(tmp_path: Path) -> None:
    file = tmp_path / "staygraph.toml"
    file.write_text('allowed_origins = ["https://a.test"]\n[acme]\nurl = "http://localhost:9001/"\nlimits = "fast"\n')
    settings = load({"STAYGRAPH_CONFIG": str(file)})
    assert settings.allowed_origins == ["https://a.test"]
    assert settings.provider_url("ACME", "x") == "http://localhost:9001"
    assert settings.provider_limits("ACME", "slow") == "fast"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("none.toml", None, "cannot be read"), ("bad.toml", b"port = ", "TOML"), ("bad.env", b"A=\xff\xfe", "UTF-8")],
)
def test_a_config_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    problem = problems_of({"STAYGRAPH_CONFIG": str(file)})["STAYGRAPH_CONFIG"]
    assert said in problem
    assert str(file) in problem


def test_empty_variables_count_as_not_set() -> None:
    assert load({"STAYGRAPH_PORT": "", "STAYGRAPH_ACME_URL": " "}).port == 8000


def test_every_problem_is_told_at_once_with_what_is_allowed() -> None:
    problems = problems_of(
        {
            "STAYGRAPH_PORT": "eighty",
            "STAYGRAPH_LOG_LEVEL": "loud",
            "STAYGRAPH_CALL_TIMEOUT": "nan",
            "STAYGRAPH_ACME_URL": "localhost:9001",
            "STAYGRAPH_ACME_LIMITS": "none",
        }
    )
    assert problems.keys() == {
        "STAYGRAPH_PORT",
        "STAYGRAPH_LOG_LEVEL",
        "STAYGRAPH_CALL_TIMEOUT",
        "STAYGRAPH_ACME_URL",
        "STAYGRAPH_ACME_LIMITS",
    }
    assert "STAYGRAPH_PORT=eighty" in problems["STAYGRAPH_PORT"]
    assert "from 0 to 65535" in problems["STAYGRAPH_PORT"]
    assert "debug, info, warning, error" in problems["STAYGRAPH_LOG_LEVEL"]
    assert "slow, fast, off" in problems["STAYGRAPH_ACME_LIMITS"]


def test_secrets_never_appear_in_problems() -> None:
    good = base64.urlsafe_b64encode(bytes(32)).decode()
    environ = {
        "STAYGRAPH_SECRET_KEYS": f"{good},hunter2",
        "STAYGRAPH_DATABASE_URL": "mysql://user:hunter2@host/db",
        "STAYGRAPH_ACME_URL": "https://user:hunter2@acme.test",
    }
    problems = problems_of(environ)
    assert problems.keys() == environ.keys()
    assert "hunter2" not in "".join(problems.values())
    assert good not in "".join(problems.values())


@pytest.mark.parametrize(
    ("written", "opened"),
    [
        ("sqlite:////var/lib/staygraph.db", "sqlite+aiosqlite:////var/lib/staygraph.db"),
        ("postgresql://user:p%40ss@host:5433/db", "postgresql+asyncpg://user:p%40ss@host:5433/db"),
        ("postgres://user@host/db?sslmode=require", "postgresql+asyncpg://user@host/db?sslmode=require"),
        ("postgresql+psycopg2://user@host/db", "postgresql+asyncpg://user@host/db"),
    ],
)
def test_a_database_url_is_opened_by_a_driver_that_does_not_block(written: str, opened: str) -> None:
    settings = load({"STAYGRAPH_DATABASE_URL": written})
    assert settings.database == opened
    assert "p%40ss" not in repr(settings)


@pytest.mark.parametrize("wrong", ["staygraph.db", "mysql://user@host/db", "postgresql://host", "postgresql://h:x/d"])
def test_a_database_url_that_cannot_be_used_says_what_can(wrong: str) -> None:
    assert "postgresql://user:password@host" in problems_of({"STAYGRAPH_DATABASE_URL": wrong})["STAYGRAPH_DATABASE_URL"]


def test_odd_characters_of_the_data_folder_are_no_part_of_a_url(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1? ä & b"
    assert make_url(Settings(data_dir=folder).database).database == str(folder / "staygraph.db")


def test_keys_are_masked_when_settings_are_printed() -> None:
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    settings = load({"STAYGRAPH_SECRET_KEYS": f" {key} , {key}"})
    assert [each.get_secret_value() for each in settings.secret_keys] == [key, key]
    assert key not in repr(settings)


def test_unknown_variables_are_warned_about_with_the_nearest_name() -> None:
    settings = load({"STAYGRAPH_PROT": "1", "STAYGRAPH_ACME_LIMIT": "fast", "STAYGRAPH_ZZZZZZZZZZZZ": "1"})
    assert any("STAYGRAPH_PROT" in each and "STAYGRAPH_PORT" in each for each in settings.warnings)
    assert any("STAYGRAPH_ACME_LIMIT " in each and "STAYGRAPH_ACME_LIMITS?" in each for each in settings.warnings)
    assert any("STAYGRAPH_ZZZZZZZZZZZZ" in each and "mean" not in each for each in settings.warnings)


def test_plugins_are_not_loaded_where_no_variable_needs_them() -> None:
    def explode() -> dict[str, Any]:
        raise AssertionError("plugins were loaded")

    assert load_settings({"STAYGRAPH_PORT": "1"}, plugins=explode).port == 1


def test_provider_url_and_limits_fall_back_to_the_manifest() -> None:
    settings = load({})
    assert settings.provider_url("ACME", "https://api.acme.test/") == "https://api.acme.test"
    assert settings.provider_limits("acme", "slow") == "slow"
    assert load({"STAYGRAPH_ACME_LIMITS": "off"}).provider_limits("acme", "slow") == "off"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://127.0.0.1:9001", "http://127.0.0.1:9001"),
        ("https://Acme.TEST/", "https://acme.test"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_base_urls_are_kept_without_a_trailing_slash(given: str, kept: str) -> None:
    assert base_url(given) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        "acme.test",
        "ftp://acme.test",
        "http://",
        "http://a.test/v1",
        "http://a.test?x=1",
        "http://u@a.test",
        "http://a:99999",
    ],
)
def test_base_urls_that_are_more_or_less_than_an_origin_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"holds|is not"):
        base_url(wrong)


def test_every_setting_has_a_meaning_and_says_what_is_allowed() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        if name not in PROVIDER_FIELDS:
            assert allowed_values(name), name


def test_a_mistyped_setting_in_code_is_refused() -> None:
    with pytest.raises(ValueError, match="prot"):
        Settings.model_validate({"prot": 1})


def test_a_provider_url_may_hold_the_path_prefix_that_its_calls_carry_anyway() -> None:
    for url in (
        "http://127.0.0.1:9001",
        "http://127.0.0.1:9001/",
        "http://127.0.0.1:9001/v9",
        "http://127.0.0.1:9001/v9/",
    ):
        assert load({"STAYGRAPH_ACME_URL": url}).provider_url("ACME", "") == "http://127.0.0.1:9001"
    with pytest.raises(SettingsError, match="STAYGRAPH_ACME_URL"):
        load({"STAYGRAPH_ACME_URL": "http://127.0.0.1:9001/elsewhere"})


def test_the_variable_of_the_build_draws_no_warning() -> None:
    assert load({"STAYGRAPH_EXPLORER": "skip"}).warnings == ()


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "0.0.0.0", "port": 9000}, "http://127.0.0.1:9000"),
        ({"host": "::1"}, "http://[::1]:8000"),
        ({"public_url": "https://graph.example.com/"}, "https://graph.example.com"),
        ({"public_url": "https://graph.example.com:8443/pms/"}, "https://graph.example.com:8443/pms"),
    ],
)
def test_public_address_is_the_setting_or_where_the_server_listens(given: dict[str, Any], address: str) -> None:
    assert Settings(**given).public_address == address


@pytest.mark.parametrize(
    "value", ["graph.example.com", "ftp://graph.example.com", "https://a:secret@graph.example.com", "https://a/?b=1"]
)
def test_public_address_that_browsers_cannot_use_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"STAYGRAPH_PUBLIC_URL": value})
    (problem,) = refused.value.problems
    assert problem.variable == "STAYGRAPH_PUBLIC_URL"
    assert problem.allowed == "an address such as https://graph.example.com"
    assert "secret" not in str(refused.value)


JWT = {
    "STAYGRAPH_JWT_ISSUER": "https://login.example.com/",
    "STAYGRAPH_JWT_AUDIENCE": "https://stays.example.com",
    "STAYGRAPH_JWT_JWKS_URL": "https://login.example.com/keys?v=2",
}


def test_an_identity_provider_is_named_by_three_settings() -> None:
    settings = load(JWT)
    assert (settings.jwt_issuer, settings.jwt_audience, settings.jwt_jwks_url) == tuple(JWT.values())
    assert (settings.jwt_tenant_claim, settings.jwt_permission_claim) == ("tenant", "scope")


@pytest.mark.parametrize("name", sorted(JWT))
def test_each_of_the_three_is_missed_beside_the_others(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({other: value for other, value in JWT.items() if other != name})
    assert [problem.variable for problem in caught.value.problems] == [name]
    assert "is missing" in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        "login.example.com/keys",
        "http://login.example.com/keys",
        "ftp://a/keys",
        "https://u:secret@a/keys",
        "https://a:x/keys",
    ],
)
def test_keys_of_a_provider_never_come_in_clear(wrong: str) -> None:
    with pytest.raises(SettingsError, match="STAYGRAPH_JWT_JWKS_URL") as refused:
        load(JWT | {"STAYGRAPH_JWT_JWKS_URL": wrong})
    assert wrong not in str(refused.value)


def test_a_provider_on_this_machine_may_do_without_encryption() -> None:
    assert load(JWT | {"STAYGRAPH_JWT_JWKS_URL": "http://127.0.0.1:9/keys"}).jwt_jwks_url == "http://127.0.0.1:9/keys"


@pytest.mark.parametrize("database", ["sqlite://", "sqlite:///:memory:"])
def test_a_process_for_events_needs_a_database_that_two_can_open(database: str) -> None:
    environ = {"STAYGRAPH_DATABASE_URL": database, "STAYGRAPH_EVENT_PROCESS": "true"}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    assert str(caught.value) == (
        "STAYGRAPH_EVENT_PROCESS=true: needs a database that two processes can open. "
        "Allowed: false, or a database file or server."
    )
    assert not load_settings({**environ, "STAYGRAPH_EVENT_PROCESS": "false"}).event_process
