"""The diagram of the schema, in a browser: drawn, searched, walked by keyboard, exported."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import pytest

from berceau.settings import load
from berceau.workflows.document.documenting import document
from tests.browser.conftest import windows
from tests.conftest import INI, ROOT, Project
from tests.ports import free_port
from tests.waiting import SECONDS, wait_until

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"


def drawn(page: Any) -> Any:
    page.wait_for_selector("#diagram[data-ready=yes]", timeout=60_000)
    return page.locator("#diagram")


def tables(diagram: Any) -> set[str]:
    found = diagram.locator("g.table").evaluate_all("all => all.map(each => each.dataset.table)")
    return set(found)


def test_keys_are_drawn_at_their_columns(visit_console) -> None:
    diagram = drawn(visit_console("/berceau/schema"))
    assert tables(diagram) == {"demo_post", "demo_user"}
    assert diagram.locator("g.group .label").all_text_contents() == ["demo"]
    ends = diagram.evaluate("""root => {
        const box = name => root.querySelector(`g.table[data-table=${name}]`);
        const row = (name, column) => [...box(name).querySelectorAll('.column')]
            .find(each => each.textContent === column).getBoundingClientRect();
        const line = root.querySelector('.edge .line').getBoundingClientRect();
        const [user, post] = [row('demo_user', 'id'), row('demo_post', 'author')];
        return [line.top, line.bottom, user.top, user.bottom, post.top, post.bottom];
    }""")
    top, bottom, *rows = ends
    inside = [rows[0] <= y <= rows[1] or rows[2] <= y <= rows[3] for y in (top, bottom)]
    assert inside == [True, True], ends


def test_from_afar_a_long_name_is_cut_to_its_box(visit_console) -> None:
    page = visit_console("/berceau")

    def rename(route: Any) -> None:
        text = route.fetch().text().replace("demo_post", "p" * 63)
        route.fulfill(body=text, content_type="application/json")

    page.route("**/schema/diagram.json", rename)
    page.goto("/berceau/schema")
    diagram = drawn(page)
    while not diagram.locator("svg.picture.far").count():
        page.get_by_role("button", name="Zoom out").click()
    widths = diagram.evaluate("""root => [...root.querySelectorAll('g.table')].map(each => [
        each.querySelector('.far-name').textContent,
        each.querySelector('.far-name').getBBox().width
            <= each.querySelector('.frame').getBBox().width,
    ])""")
    names = {text for text, fits in widths if fits}
    assert len(names) == len(widths) == 2
    assert "demo_user" in names


@pytest.mark.slow
def test_a_layout_is_kept_for_the_same_schema(visit_console) -> None:
    page = visit_console("/berceau/schema")
    drawn(page)
    workers = []
    page.on("worker", lambda worker: workers.append(worker))
    page.reload()
    drawn(page)
    assert tables(page.locator("#diagram")) == {"demo_post", "demo_user"}
    assert not workers
    page.get_by_text("Names", exact=True).click()
    page.locator("#diagram .column").first.wait_for(state="detached")
    assert len(workers) == 1


def test_it_is_walked_by_keyboard(visit_console) -> None:
    page = visit_console("/berceau/schema")
    diagram = drawn(page)
    page.locator("[data-do=full]").focus()
    page.keyboard.press("Tab")
    selected = diagram.locator("g.table.selected")
    assert selected.count() == 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert selected.get_attribute("data-table") == "demo_post"
    assert page.evaluate("document.activeElement.dataset.table") == "demo_post"
    page.keyboard.press("c")
    page.locator("g.table[data-table=demo_post] .column").first.wait_for(state="detached")
    assert diagram.locator("g.table[data-table=demo_user] .column").count() == 5
    page.keyboard.press("c")
    page.wait_for_selector("g.table[data-table=demo_post] .column")
    page.keyboard.press("h")
    page.locator("g.table").nth(1).wait_for(state="detached")
    assert "hide=demo_post" in page.url
    page.get_by_role("button", name="Show all").click()
    page.locator("g.table").nth(1).wait_for()
    page.locator("g.table[data-table=demo_post]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/berceau/schema/tables/demo_post")


def test_search_finds_columns_and_components_fold(visit_console) -> None:
    page = visit_console("/berceau/schema")
    diagram = drawn(page)
    field = page.get_by_label("Find a table or a column in the diagram")
    field.fill("email")
    assert diagram.locator("g.table.found").count() == 1
    field.press("Enter")
    page.wait_for_selector("g.table.selected[data-table=demo_user]")
    assert diagram.locator(".card-of").inner_text().startswith("demo_user")
    field.fill("")
    page.get_by_text("Components", exact=True).click()
    page.get_by_role("button", name="Fold or unfold demo").click()
    page.wait_for_selector("g.group.folded")
    assert tables(diagram) == set()
    assert diagram.locator("g.group .count").text_content() == "2 tables"
    page.get_by_role("checkbox", name="demo").uncheck()
    page.locator("g.group").wait_for(state="detached")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_exported_file_stands_alone(visit_console, scheme) -> None:
    page = visit_console("/berceau/schema", scheme=scheme)
    drawn(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="SVG").click()
    text = saved.value.path().read_text()
    assert "var(" not in text
    picture = ElementTree.fromstring(text)
    names = [each.text for each in picture.iter(f"{SVG}text") if each.get("class") == "name"]
    assert sorted(names) == ["demo_post", "demo_user"]
    paper = "#171513" if scheme == "dark" else "#faf7f2"
    assert paper in re.sub(r"\s", "", text).lower() or json.dumps(paper) in text


def test_pages_of_invoke_docs_draw_it_without_a_server(browser, tmp_path) -> None:
    document(load(ROOT), "html", tmp_path, {}).write()
    with windows(browser, tmp_path.as_uri()) as open_window:
        page = open_window(1280)
        page.goto(f"{tmp_path.as_uri()}/components/demo.html")
        diagram = drawn(page)
        assert tables(diagram) == {"demo_post", "demo_user"}
        assert diagram.locator("g.edge").count() == 1
        with page.expect_download() as saved:
            page.get_by_role("button", name="SVG").click()
        assert "var(" not in saved.value.path().read_text()
        page.locator("g.table[data-table=demo_user]").dblclick()
        page.wait_for_url("**/components/demo.html#table-demo_user")
        page.goto(f"{tmp_path.as_uri()}/index.html")
        assert tables(drawn(page)) == {"demo_post", "demo_user"}


LARGE = 300
LOGGED = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys =
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
"""


def entity(number: int) -> str:
    """Return an entity that refers to one of its component, and maybe to one of another."""
    first = number - number % 20
    refers = [first + (number - first) // 3] if number > first else []
    refers += [number // 5] if number % 4 == 3 and number > 20 else []
    attributes = [f"    of{each} = Optional('Thing{each}')\n" for each in refers]
    return f"class Thing{number}(db.Entity):\n    name = Required(str)\n{''.join(attributes)}"


@contextmanager
def logged(project: Project) -> Iterator[str]:
    """Serve a project, and yield the link to its console, which is in the log."""
    ini = INI.format(port=free_port(), development="true")
    project.write("logged.ini", ini + LOGGED)
    log = project.root / "logged.log"
    with (
        log.open("w") as output,
        project.start("pyramid.scripts.pserve", "logged.ini", output=output) as process,
    ):
        try:
            link = re.compile(r"console: (http\S+)")
            yield wait_until(lambda: link.search(log.read_text()), log, process)[1]
        finally:
            process.terminate()
            process.wait(SECONDS)


@pytest.mark.slow
def test_three_hundred_tables_are_drawn_and_one_is_found(browser, connected) -> None:
    for area in range(15):
        numbers = range(area * 20, area * 20 + 20)
        connected.component(f"area{area}", "\n".join(map(entity, numbers)))
    connected.succeed("migrate", "--name", "init")
    with logged(connected) as link, windows(browser, link.partition("/berceau")[0]) as open_window:
        page = open_window(1280)
        page.request.get(link, max_redirects=0)  # it sets the cookie
        page.goto("/berceau/schema")
        diagram = drawn(page)
        assert len(tables(diagram)) == LARGE
        assert diagram.locator("g.edge").count() > LARGE
        page.get_by_label("Find a table or a column in the diagram").fill("thing123")
        page.wait_for_selector("g.table.selected[data-table=thing123]")
        page.get_by_role("button", name="Only neighbours").click()
        page.locator("g.table").nth(20).wait_for(state="detached")
