"""The environment, ``.env`` and the ini become one value; what is wrong there is named."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from berceau.errors import SettingsError
from berceau.settings import FormLimits, Limits, Settings, find_root, load, parse_workers

VARIABLES = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "BERCEAU_TEST_WORKERS", "BERCEAU_SECRET")


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Return a function that reads the settings of some surroundings."""

    def read(dotenv: str = "", ini: dict[str, str] | None = None, **environment: str) -> Settings:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        (tmp_path / ".env").write_text(dotenv)
        return load(tmp_path, ini)

    return read


def test_nothing_set_means_the_embedded_server(read, tmp_path) -> None:
    assert read() == Settings(tmp_path)


def test_a_missing_dotenv_is_fine(tmp_path) -> None:
    assert load(tmp_path).root == tmp_path


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda file: file.write_bytes(b"DATABASE_URL=\xff"), "it isn't UTF-8"),
        (lambda file: file.symlink_to("/proc/self/mem"), "Input/output error"),
    ],
    ids=["in another encoding", "unreadable"],
)
def test_a_dotenv_that_cannot_be_read_is_one_message(tmp_path, make, reason) -> None:
    make(tmp_path / ".env")
    with pytest.raises(SettingsError, match=reason) as caught:
        load(tmp_path)
    assert caught.value.where.file == tmp_path / ".env"


def test_the_owner_falls_back_to_the_runtime_connection(read) -> None:
    settings = read(DATABASE_URL="postgresql://a/b")
    assert settings.migration_database_url == "postgresql://a/b"


def test_the_environment_wins_over_dotenv_which_wins_over_the_ini(read) -> None:
    ini = {"berceau.database_url": "postgresql://ini/x", "pyramid.debug": "1"}
    assert read(ini=ini).database_url == "postgresql://ini/x"
    assert read("DATABASE_URL=postgresql://dotenv/x", ini).database_url == "postgresql://dotenv/x"
    settings = read("DATABASE_URL=postgresql://dotenv/x", ini, DATABASE_URL="postgresql://env/x")
    assert settings.database_url == "postgresql://env/x"


def test_an_empty_variable_counts_as_absent(read) -> None:
    settings = read(DATABASE_URL="", MIGRATION_DATABASE_URL="", BERCEAU_TEST_WORKERS="")
    assert (settings.database_url, settings.test_workers) == (None, "auto")


def test_dotenv_never_overrides_even_an_empty_variable(read) -> None:
    assert read("DATABASE_URL=postgresql://dotenv/x", DATABASE_URL="").database_url is None


def test_an_owner_without_a_runtime_connection_is_refused(read) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL isn't") as caught:
        read(MIGRATION_DATABASE_URL="postgresql://owner:secret@a/b")
    assert "Set DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_no_password_is_shown(read) -> None:
    settings = read(
        DATABASE_URL="postgresql://u:secret@a/b", MIGRATION_DATABASE_URL="postgresql://o:secret@a/b"
    )
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(("text", "count"), [("auto", "auto"), ("1", 1), ("12", 12)])
def test_worker_counts(read, text, count) -> None:
    assert parse_workers(text, "--workers") == count
    assert read(BERCEAU_TEST_WORKERS=text).test_workers == count
    assert read(f"BERCEAU_TEST_WORKERS={text}").test_workers == count


@pytest.mark.parametrize("text", ["0", "-1", "abc", "1.5", "1e3", "٣", "²", "AUTO", "1 2", " "])
def test_other_worker_counts_are_refused_by_name(text) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_workers(text, "--workers")
    assert str(caught.value).startswith(f"--workers is {text!r}")
    assert "1 or more, or auto" in str(caught.value)


@pytest.mark.parametrize(("text", "development"), [("true", True), ("False", False), ("", False)])
def test_only_the_ini_says_that_this_is_development(read, text, development) -> None:
    assert read(ini={"berceau.development": text}).development is development
    assert not read("DEVELOPMENT=true", BERCEAU_DEVELOPMENT="true").development


def test_what_is_neither_true_nor_false_is_refused(read) -> None:
    with pytest.raises(SettingsError, match="neither true nor false") as caught:
        read(ini={"berceau.development": "yes please"})
    assert "berceau.development" in str(caught.value)


def test_the_secret_comes_from_the_environment_or_dotenv_and_is_never_shown(read) -> None:
    assert read("BERCEAU_SECRET=abc").secret == "abc"
    settings = read("BERCEAU_SECRET=abc", BERCEAU_SECRET="hidden")
    assert settings.secret == "hidden"
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("name", ["berceau.secret", "berceau.berceau_secret"])
def test_a_secret_in_the_ini_file_is_refused(read, name) -> None:
    with pytest.raises(SettingsError, match="ini file holds a secret") as caught:
        read(ini={name: "hidden"})
    assert "hidden" not in str(caught.value)


def test_what_the_application_alone_needs_is_in_the_ini(read) -> None:
    ini = {
        "berceau.hosts": "shop.example.org\n  .Shop.example",
        "berceau.session_timeout": "60",
        "berceau.allow_ddl": "true",
    }
    settings = read(ini=ini)
    assert settings.hosts == ("shop.example.org", ".shop.example")
    assert (settings.session_timeout, settings.allow_ddl) == (60, True)


@pytest.mark.parametrize("text", ["0", "-1", "1h", "٣"])
def test_other_times_are_refused_by_name(read, text) -> None:
    with pytest.raises(
        SettingsError, match=r"berceau\.session_timeout is .* isn't a number of seconds"
    ):
        read(ini={"berceau.session_timeout": text})


def test_the_folders_of_a_project(tmp_path) -> None:
    settings = Settings(tmp_path)
    assert settings.state == tmp_path / ".berceau"
    assert settings.components == tmp_path / "components"
    assert settings.migrations == tmp_path / "migrations"


def test_the_root_is_the_nearest_folder_with_tasks(tmp_path) -> None:
    inner = tmp_path / "project"
    deep = inner / "components" / "blog"
    deep.mkdir(parents=True)
    (tmp_path / "tasks.py").touch()
    (inner / "tasks.py").touch()
    assert find_root(deep) == inner
    assert find_root(inner) == inner
    assert find_root(tmp_path) == tmp_path


def test_a_folder_outside_of_any_project_is_refused(tmp_path) -> None:
    with pytest.raises(SettingsError, match=r"no tasks\.py") as caught:
        find_root(tmp_path)
    assert caught.value.cure


def test_the_ini_sets_limits(read) -> None:
    limits = read(ini={"berceau.pool_size": "3", "berceau.statement_timeout": "0.5"}).limits
    assert limits == Limits(pool_size=3, statement_timeout=0.5)


def test_the_ini_limits_forms(read) -> None:
    limits = read(ini={"berceau.max_form_size": "10000000"}).form_limits
    assert limits == FormLimits(max_form_size=10_000_000)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("max_form_fields", "0"),
        ("max_form_files", "1e3"),
        ("pool_size", "0"),
        ("pool_size", "2.5"),
        ("pool_size", "many"),
        ("pool_timeout", "-1"),
        ("statement_timeout", "nan"),
        ("statement_timeout", "1e99"),
    ],
)
def test_a_limit_that_is_none_is_refused(read, name, text) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"berceau.{name} is {text!r}")):
        read(ini={f"berceau.{name}": text})


def test_what_migrations_leave_alone_is_listed_in_pyproject(tmp_path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.berceau.migrations]\nunmanaged = ["audit_*"]')
    assert load(tmp_path).unmanaged == ("audit_*",)


def test_the_file_of_statistics_is_named_in_pyproject(tmp_path) -> None:
    assert load(tmp_path).statistics_file is None
    text = '[tool.berceau.statistics]\nfile = "statistics/eu.json"'
    (tmp_path / "pyproject.toml").write_text(text)
    assert load(tmp_path).statistics_file == "statistics/eu.json"


def test_downtime_is_allowed_in_pyproject_or_by_a_variable(tmp_path, monkeypatch) -> None:
    assert not load(tmp_path).allow_downtime
    (tmp_path / "pyproject.toml").write_text("[tool.berceau.migrations]\nallow_downtime = true")
    assert load(tmp_path).allow_downtime
    monkeypatch.setenv("BERCEAU_ALLOW_DOWNTIME", "false")
    assert not load(tmp_path).allow_downtime
    monkeypatch.setenv("BERCEAU_ALLOW_DOWNTIME", "yes")
    with pytest.raises(SettingsError, match="BERCEAU_ALLOW_DOWNTIME is 'yes'"):
        load(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[tool.berceau.migrations]\nallow_downtime = "true"',
        '[tool.berceau.migrations]\nunmanaged = "audit"',
        "[tool.berceau.migrations]\nunmanaged = [1]",
        '[tool.berceau.migrations]\nunmanaged = [""]',
        "[tool.berceau]\nmigrations = 3",
        "[tool.berceau.statistics]\nfile = ['statistics/eu.json']",
        "[tool.berceau.statistics]\nfile = ''",
        "[tool.berceau.migrations",
    ],
)
def test_a_bad_value_in_pyproject_is_named(tmp_path, text) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"pyproject\.toml"):
        load(tmp_path)
