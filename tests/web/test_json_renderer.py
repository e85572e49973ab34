"""What ``renderer="json"`` writes: the forms of each type, and entities in a real application."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest

from berceau.web.json_renderer import serialize


class Colour(Enum):
    RED = "red"


def unknown(item: object) -> object:
    raise TypeError(f"{item!r} is not JSON serializable")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(), "P0DT0H0M0S"),
        (timedelta(days=2, hours=3, seconds=61.5), "P2DT3H1M1.5S"),
        (timedelta(seconds=-90), "-P0DT0H1M30S"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("1.10"), "1.10"),
        (Colour.RED, "red"),
    ],
)
def test_each_type_has_a_form(value, written) -> None:
    assert json.loads(serialize([value], unknown)) == [written]


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), Decimal("NaN")])
def test_what_json_has_no_number_for_is_refused(value) -> None:
    with pytest.raises(ValueError, match="return None for a missing number"):
        serialize({"mean": value}, unknown)


def test_what_holds_itself_is_refused() -> None:
    data: dict[str, object] = {}
    data["data"] = [data]
    with pytest.raises(ValueError, match="Circular reference") as found:
        serialize(data, unknown)
    assert "holds itself" in str(found.value)
    assert "NaN" not in str(found.value)


@pytest.mark.parametrize("key", [date(2026, 1, 2), UUID(int=1), Colour.RED])
def test_a_key_that_is_no_text_is_refused(key) -> None:
    with pytest.raises(TypeError, match=r"A key in JSON is text: return \{str\(day\): value\}"):
        serialize({key: 1}, unknown)


@pytest.mark.parametrize("value", [b"x", {1}, object()])
def test_other_types_go_to_pyramid(value) -> None:
    with pytest.raises(TypeError, match=r"is not JSON serializable\. Return what JSON has"):
        serialize({"data": value}, unknown)


def test_what_a_view_raises_meanwhile_passes() -> None:
    class Broken:
        def __json__(self, request: object) -> object: ...

    def default(_: object) -> object:
        raise ValueError("no such page")

    with pytest.raises(ValueError, match=r"^no such page$"):
        serialize([Broken()], default)


VIEW = """
    from datetime import date
    from pyramid.renderers import JSON
    from pyramid.view import view_config

    def includeme(config):
        config.add_route("data", "/data")
        {configure}

    @view_config(route_name="data", renderer="json")
    def data(request):
        return {{"day": {value}}}
"""


def view(value: str, configure: str = "") -> dict[str, str]:
    return {"__init__.py": VIEW.format(value=value, configure=configure)}


def test_a_view_returns_a_date(serve, component) -> None:
    assert serve(component("paper", view("date(2026, 1, 2)"))).get("/data").json == {
        "day": "2026-01-02"
    }


def test_a_view_that_returns_nan_is_told_so(serve, component, caplog) -> None:
    serve(component("paper", view("float('nan')"))).get("/data", status=500)
    assert "return None for a missing number" in caplog.text


def test_a_component_replaces_the_renderer(serve, component) -> None:
    made = component("paper", view("1", 'config.add_renderer("json", JSON(indent=1))'))
    assert serve(made).get("/data").text == '{\n "day": 1\n}'
