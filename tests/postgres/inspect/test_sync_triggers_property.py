"""Whatever two releases write to columns that are kept in step, both sides agree."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from berceau.schema.sync import Computed, Sync, SyncTrigger
from tests.conftest import examples
from tests.postgres.inspect.synced import make, same, table


@st.composite
def writes(draw: st.DrawFn) -> list[tuple[str, dict[str, str | None], int]]:
    """Return statements of two releases: each gives values to some of the columns it knows."""
    value = st.sampled_from([None, "", "a", "B", "a b", "A  b", "1", "é"])
    found = []
    for _ in range(draw(st.integers(1, 8))):
        known = draw(st.sampled_from([OLD, NEW]))
        names = draw(st.lists(st.sampled_from(known), unique=True, min_size=1))
        kind = draw(st.sampled_from(["INSERT", "UPDATE"]))
        found.append((kind, {name: draw(value) for name in names}, draw(st.integers(1, 3))))
    return found


OLD = ("plain", "name", "word")
NEW = ("renamed", "first", "last", "bytes", "shared")
RULES = SyncTrigger(
    (
        same("plain", "renamed"),
        Sync(
            (Computed("name", "coalesce(first, '') || '/' || coalesce(last, '')"),),
            (
                Computed("first", "split_part(name, '/', 1)"),
                Computed("last", "split_part(name, '/', 2)"),
            ),
        ),
        Sync(
            (Computed("word", "convert_from(bytes, 'UTF8')"),),
            (Computed("bytes", "convert_to(word, 'UTF8')"),),
        ),
    )
)
AGREE = """
SELECT count(*) FROM t WHERE NOT (
    plain IS NOT DISTINCT FROM renamed
    AND (name IS NOT DISTINCT FROM coalesce(first, '') || '/' || coalesce(last, '')
         OR (first, last) IS NOT DISTINCT FROM (split_part(name, '/', 1), split_part(name, '/', 2)))
    AND (word IS NOT DISTINCT FROM convert_from(bytes, 'UTF8')))
"""


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes())
def test_whatever_two_releases_write_both_sides_agree(connection, run, statements) -> None:
    columns = [f"{name} {'bytea' if name == 'bytes' else 'text'}" for name in (*OLD, *NEW)]
    run("DROP TABLE IF EXISTS t")
    run("DROP FUNCTION IF EXISTS t_berceau_sync")
    make(connection, table(*columns, rules=RULES))
    seen: dict[int, dict[str, Any]] = {}
    for kind, values, key in statements:
        encoded = {
            name: value.encode() if name == "bytes" and value is not None else value
            for name, value in values.items()
        }
        if kind == "INSERT":
            if key in seen:
                continue
            names, marks = ", ".join(encoded), ", ".join("%s" for _ in encoded)
            run(f"INSERT INTO t (id, {names}) VALUES ({key}, {marks})", *encoded.values())
            seen[key] = {}
        else:
            sets = ", ".join(f"{name} = %s" for name in encoded)
            run(f"UPDATE t SET {sets} WHERE id = {key}", *encoded.values())
        assert run(AGREE) == [(0,)]
        for name, value in encoded.items():
            found = run(f"SELECT {name} FROM t WHERE id = {key}")
            was_null_in_a_new_row = kind == "INSERT" and value is None
            if found and not was_null_in_a_new_row:
                kept = bytes(found[0][0]) if isinstance(value, bytes) else found[0][0]
                assert kept == value
