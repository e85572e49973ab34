import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import make_dsn, parse_dsn

from berceau.errors import UrlError
from berceau.postgres.core.connection import check_session, connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.url import Url, schemas_of

SECRET = "hunter2"

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
filled = text.filter(bool)
names = st.from_regex(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", fullmatch=True)
sockets = text.filter(lambda name: "," not in name).map("/".__add__)
addresses = st.ip_addresses().map(str)
hosts = st.tuples(names | sockets | addresses, st.none() | st.integers(1, 65535))
schemas = filled.filter(
    lambda name: len(name.encode()) <= 63 and name != "$user" and not name.startswith("pg_")
)
parameters = st.dictionaries(
    st.sampled_from(["sslmode", "application_name", "options", "sslpassword", "passfile"]), text
)


@given(
    url=st.builds(
        Url,
        user=text,
        password=text,
        hosts=st.lists(hosts, max_size=3).map(tuple),
        database=filled,
        schema=schemas,
        parameters=parameters.map(dict.items).map(tuple),
    )
)
def test_every_url_survives_being_printed_and_parsed(url) -> None:
    if not url.user and url.password:
        url = Url("u", url.password, url.hosts, url.database, url.schema, url.parameters)
    assert Url.parse(url.with_password()) == url
    assert parse_dsn(make_dsn(**url.dsn())) == url.dsn()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u:p@h/d", Url("u", "p", (("h", None),), "d")),
        ("postgres://u:p@h:6432/d", Url("u", "p", (("h", 6432),), "d")),
        ("postgresql://u@h1:1,h2,h3:3/d", Url("u", "", (("h1", 1), ("h2", None), ("h3", 3)), "d")),
        ("postgresql://u@[::1]:5433/d", Url("u", "", (("::1", 5433),), "d")),
        (
            "postgresql://u@[fe80::1%25eth0],h/d",
            Url("u", "", (("fe80::1%eth0", None), ("h", None)), "d"),
        ),
        ("postgresql://u@/d?host=/run/my%20pg", Url("u", "", (("/run/my pg", None),), "d")),
        ("postgresql://u@%2Frun%2Fpg:6/d", Url("u", "", (("/run/pg", 6),), "d")),
        ("postgresql:///d?host=/a,/b&port=1,2", Url("", "", (("/a", 1), ("/b", 2)), "d")),
        ("postgresql:///d?host=a,b&port=7", Url("", "", (("a", 7), ("b", 7)), "d")),
        ("postgresql:///d", Url("", "", (), "d")),
        ("postgresql://h?dbname=d&user=u&password=p", Url("u", "p", (("h", None),), "d")),
        ("postgresql://a%40b:p%3A%2F%40@h/d%20b", Url("a@b", "p:/@", (("h", None),), "d b")),
        ("postgresql://u:p#:+@h/d", Url("u", "p#:+", (("h", None),), "d")),
        (
            "postgresql://u@h/d?schema=My%20App&sslmode=require&target_session_attrs=read-write",
            Url(
                "u",
                "",
                (("h", None),),
                "d",
                "My App",
                (("sslmode", "require"), ("target_session_attrs", "read-write")),
            ),
        ),
    ],
)
def test_parse(text, expected) -> None:
    assert Url.parse(text) == expected
    assert Url.parse(f" {text}\n") == expected


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "malformed"),
        ("mysql://u:hunter2@h/d", "malformed"),
        ("u:hunter2@h/d", "malformed"),
        ("postgresql://u:hunter2@x@h/d", "malformed"),
        ("postgresql://u:hunter2/x@h/d", "malformed"),
        ("postgresql://u:x?hunter2=y@h/d", "malformed"),
        ("postgresql://u:hunter2", "names no database"),
        ("postgresql://u:hunter2/d", "port that isn't an integer from 1 to 65535"),
        ("postgresql://u:hunter2@h", "names no database"),
        ("postgresql://u:hunter2@h/", "names no database"),
        ("postgresql://u:hunter2@h:0/d", "port that isn't an integer"),
        ("postgresql://u:hunter2@h:65536/d", "port that isn't an integer"),
        ("postgresql://u:hunter2@h:٣/d", "port that isn't an integer"),
        ("postgresql://u:hunter2@::1/d", "IPv6 addresses go in brackets"),
        ("postgresql://u:hunter2@[::1/d", "IPv6 addresses go in brackets"),
        ("postgresql://u:hunter2@a%2Cb/d", "comma in a host"),
        ("postgresql://u:hunter2%zz@h/d", "isn't followed by two hex digits"),
        ("postgresql://u:hunter2%ff@h/d", "aren't UTF-8"),
        ("postgresql://u:hunter2%00@h/d", "zero byte"),
        ("postgresql://u:hunter2@h/d?bogus=1", "that libpq doesn't know: 'bogus'"),
        ("postgresql://u:hunter2@h/d?sslmode", "'sslmode' has no value"),
        ("postgresql://u:hunter2@h/d?sslmode=a&sslmode=b", "'sslmode' twice"),
        ("postgresql://u:hunter2@h/d?password=x", "the password twice"),
        ("postgresql://u:hunter2@h/d?dbname=x", "the database twice"),
        ("postgresql://u:hunter2@h/d?user=x", "the user twice"),
        ("postgresql://u:hunter2@h/d?host=/x", "host or port twice"),
        ("postgresql://u:hunter2@/d?host=a,b,c&port=1,2", "3 hosts and 2 ports"),
        ("postgresql://u:hunter2@h/d?schema=", "schema is empty"),
        ("postgresql://u:hunter2@h/d?schema=$user", "PostgreSQL reserves"),
        ("postgresql://u:hunter2@h/d?schema=pg_temp", "PostgreSQL reserves"),
        ("postgresql://u:hunter2@h/d?schema=" + "é" * 32, "longer than 63 bytes"),
    ],
)
def test_a_mistake_is_named_without_the_password(text, what) -> None:
    with pytest.raises(UrlError, match=what) as caught:
        Url.parse(text)
    assert "postgresql://user:password@host" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_printing_hides_what_is_secret() -> None:
    url = Url.parse("postgresql://u:hunter2@h/d?sslpassword=hunter2&sslmode=require")
    for shown in (str(url), repr(url), f"{url}", repr({"url": url})):
        assert SECRET not in shown
        assert "sslmode=require" in shown
    assert url.with_password().count(SECRET) == 2


def test_dsn_names_every_host_and_port() -> None:
    dsn = Url.parse("postgresql://u:p@h1,h2:2/d").dsn()
    assert (dsn["host"], dsn["port"]) == ("h1,h2", ",2")
    assert "port" not in Url.parse("postgresql://u:p@h1,h2/d").dsn()
    assert "host" not in Url.parse("postgresql:///d").dsn()


def test_dsn_lets_the_url_override_our_defaults() -> None:
    dsn = Url.parse("postgresql://u@h/d?connect_timeout=3&application_name=shop").dsn()
    assert (dsn["connect_timeout"], dsn["application_name"]) == ("3", "shop")
    assert Url.parse("postgresql://u@h/d").dsn()["application_name"] == "berceau"


def test_with_schema_changes_nothing_else() -> None:
    url = Url.parse("postgresql://u:p@h/d?sslmode=require")
    assert url.with_schema("other").dsn("public") == url.dsn()
    assert url.with_schema("other").dsn() == url.dsn("other")


def test_the_urls_own_options_stay(running) -> None:
    url = Url.parse(running.runtime_url.with_password() + "&options=-c%20work_mem%3D5MB")
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('work_mem'), current_setting('TimeZone')")
        assert cursor.fetchone() == ("5MB", "UTC")


@pytest.mark.parametrize(
    "schema",
    [
        "Upper",
        "two words",
        'dou"ble',
        "sin'gle",
        "back\\slash",
        "a,b",
        "$x",
        "tab\tnew\nline",
        "é",
        "-c x=1",
    ],
)
def test_every_schema_name_reaches_the_search_path(running, schema) -> None:
    url = Url.parse(running.owner_url.with_schema(schema).with_password())
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute('CREATE SCHEMA "{}"'.format(schema.replace('"', '""')))
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == (schema,)
        connection.rollback()


@pytest.mark.parametrize("schema", ["public", 'a", b', " a,b", "ü"])
def test_a_tenant_sees_its_own_schema_before_the_shared_one(running, schema) -> None:
    url = running.owner_url.with_schema(schema).of_tenant("tenant_acme")
    with connect(url) as connection:
        check_session(connection, url)
        (path,) = fetch(connection, "SHOW search_path")[0]
    assert schemas_of(path) == ("tenant_acme", schema)


def test_several_hosts_mean_the_one_that_takes_writes() -> None:
    dsn = Url.parse("postgresql://a:1,b:2/d").dsn()
    assert dsn["target_session_attrs"] == "read-write"
    assert "target_session_attrs" not in Url.parse("postgresql://a/d").dsn()
    chosen = Url.parse("postgresql://a,b/d?target_session_attrs=any").dsn()
    assert chosen["target_session_attrs"] == "any"


def test_a_pooled_session_gets_no_settings_of_ours() -> None:
    url = Url.parse("postgresql://u@h/d?schema=shop&pgbouncer=true")
    assert url.pooled
    assert "options" not in url.dsn(settings={"statement_timeout": "1"})
    assert Url.parse(str(url)) == url


def test_what_is_no_flag_is_refused() -> None:
    with pytest.raises(UrlError, match="neither true nor false"):
        Url.parse("postgresql://h/d?pgbouncer=yes")


def test_the_urls_own_options_win_over_the_settings() -> None:
    url = Url.parse("postgresql://h/d?options=-c%20statement_timeout%3D5")
    options = url.dsn(settings={"statement_timeout": "1"})["options"]
    assert options.index("statement_timeout=1") < options.index("statement_timeout=5")
