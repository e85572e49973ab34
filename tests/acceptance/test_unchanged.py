"""What commands spare where nothing changed, and each thing that makes them look again."""

import shutil
from pathlib import Path

import pytest

import berceau
from tests.conftest import Project

POST = """
class Post(db.Entity):
    title = Required(str, LENGTH)
"""
IMPORTED = "the entities were imported"
NOISE = f"print({IMPORTED!r})\n"
KEPT = (".berceau/cache/declared.json", ".berceau/cache/inputs.json")


@pytest.fixture
def blog(connected) -> Project:
    """A component that says when it is imported, on a database that is migrated."""
    connected.component("blog", NOISE + "LENGTH = 100\n" + POST)
    connected.succeed("migrate", "--name", "init")
    return connected


def imports(project, **environment: str) -> bool:
    """Return whether a command that reads the entities has to import them."""
    result = project.invoke("migrate.diff", **environment)
    assert result.code == 0, result
    return IMPORTED in result.err


@pytest.mark.parametrize("command", ["migrate", "migrate.check", "migrate.diff", "migrate.status"])
def test_nothing_is_imported_where_nothing_changed(blog, command) -> None:
    assert IMPORTED not in blog.invoke(command).err


def test_what_is_kept_is_what_was_declared(blog) -> None:
    blog.component("blog", NOISE + "LENGTH = 200\n" + POST)
    first, second = blog.invoke("migrate.diff"), blog.invoke("migrate.diff")
    assert IMPORTED in first.err
    assert IMPORTED not in second.err
    assert first.out == second.out
    assert "(200)" in second.out
    assert "a schema that the migrations don't build" in blog.fail("migrate.check")


@pytest.mark.parametrize("environment", [{}, {"BERCEAU_TENANTS": "schema"}], ids=["one", "many"])
def test_a_deploy_with_nothing_pending_starts_without_what_plans_and_applies(
    connected, environment
) -> None:
    found = modules_of_a_deploy(connected, "nothing is pending", **environment)
    assert "berceau.migration.history" in found
    assert not {"berceau.schema.model", "berceau.postgres.runner.runner", "pony"} & found


def test_a_deploy_starts_without_what_plans(connected) -> None:
    connected.write("migrations/20260101000000_init/migration.sql", "CREATE TABLE note ();")
    found = modules_of_a_deploy(connected, "applied 20260101000000_init")
    assert "berceau.postgres.runner.runner" in found
    assert not {"berceau.schema.model", "pony"} & found


def modules_of_a_deploy(project, done: str, **environment: str) -> set[str]:
    """Return the modules that a deploy imports, of which the last line says what is ``done``."""
    result = project.run("invoke", "migrate.deploy", PYTHONPROFILEIMPORTTIME="1", **environment)
    assert result.out.splitlines()[-1] == f"deploy: {done}"
    return {line.rpartition("|")[2].strip() for line in result.err.splitlines()}


@pytest.mark.slow
def test_an_edit_is_seen_in_the_component_and_beside_it(blog) -> None:
    blog.write("lengths.py", "TITLE = 100\n")
    blog.component("blog", NOISE + "from lengths import TITLE as LENGTH\n" + POST)
    assert imports(blog)
    assert not imports(blog)
    blog.write("lengths.py", "TITLE = 300\n")
    assert "300" in blog.succeed("migrate.diff")
    assert not imports(blog)


def test_a_file_that_the_entities_read_is_seen(blog) -> None:
    blog.write("components/blog/length.txt", "100")
    read = "LENGTH = int(Path(__file__).with_name('length.txt').read_text())\n"
    blog.component("blog", NOISE + "from pathlib import Path\n" + read + POST)
    assert imports(blog)
    assert not imports(blog)
    blog.write("components/blog/length.txt", "300")
    assert "300" in blog.succeed("migrate.diff")


@pytest.mark.slow
def test_a_variable_that_the_entities_read_is_seen(blog) -> None:
    read = "import os\nLENGTH = int(os.environ.get('LENGTH', '100'))\n"
    blog.component("blog", NOISE + read + POST)
    assert imports(blog)
    assert not imports(blog)
    assert not imports(blog, ANOTHER="1")
    assert "300" in blog.succeed("migrate.diff", LENGTH="300")
    assert not imports(blog, LENGTH="300")
    assert imports(blog)


@pytest.mark.slow
def test_another_version_of_an_installed_module_is_seen(blog, tmp_path) -> None:
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "lengths.py").write_text("TITLE = 100\n")
    path = {"PYTHONPATH": str(installed)}
    blog.component("blog", NOISE + "from lengths import TITLE as LENGTH\n" + POST)
    assert imports(blog, **path)
    assert not imports(blog, **path)
    (installed / "lengths.py").write_text("TITLE = 3000\n")
    assert imports(blog, **path)
    assert not imports(blog, **path)
    (installed / "another.py").write_text("")
    assert imports(blog, **path), "a module that comes may take another one's place"


@pytest.mark.slow
def test_other_code_of_berceau_is_seen(blog, tmp_path) -> None:
    """An upgrade, or an edit by somebody who works on Berceau."""
    copy = tmp_path / "site"
    shutil.copytree(Path(berceau.__file__).parent, copy / "berceau")
    path = {"PYTHONPATH": str(copy)}
    blog.invoke("migrate.diff", **path)
    assert not imports(blog, **path)
    with (copy / "berceau" / "orm" / "mapping.py").open("a") as code:
        code.write("# another version\n")
    assert imports(blog, **path)


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("size", [0, -9])
def test_a_file_that_was_cut_short_is_made_again(blog, name, size) -> None:
    file = blog.root / name
    kept = file.read_bytes()
    file.write_bytes(kept[:size])
    assert imports(blog)
    assert file.read_bytes() == kept
    assert not imports(blog)


@pytest.mark.slow
def test_a_flipped_value_in_a_kept_schema_is_not_believed(blog) -> None:
    file = blog.root / KEPT[0]
    file.write_bytes(file.read_bytes().replace(b"(100)", b"(999)"))
    assert "999" not in blog.succeed("migrate.diff")


@pytest.mark.slow
def test_two_commands_at_once_both_see_what_is_declared(blog) -> None:
    blog.component("blog", NOISE + "LENGTH = 400\n" + POST)
    both = [blog.start("invoke", "migrate.diff") for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert outputs[0] == outputs[1]
    assert "400" in outputs[0]
    assert not imports(blog)


def test_a_broken_component_is_reported_each_time(blog) -> None:
    blog.component("blog", "1 / 0\n" + POST)
    for _ in range(2):
        assert "ZeroDivisionError" in blog.fail("migrate.check")
    blog.component("blog", NOISE + "LENGTH = 100\n" + POST)
    assert "agree" in blog.succeed("migrate.check")


def test_a_change_of_the_database_is_seen_by_the_next_check(blog, query) -> None:
    assert "agree" in blog.succeed("migrate.check")
    query("ALTER TABLE post ADD COLUMN more integer, ALTER COLUMN title DROP NOT NULL")
    assert "differs from what" in blog.fail("migrate.check")
    assert "post.more" in blog.succeed("migrate.status")


AGAIN = """
from pathlib import Path
from berceau.settings import load
from berceau.workflows.build.declared import compose_uncached, look

settings = load(Path.cwd())
compose_uncached(settings, look(settings), keep=False)
{edit}
_, fingerprint = compose_uncached(settings, look(settings))
assert fingerprint is None, "what was imported before wasn't watched"
"""


@pytest.mark.slow
def test_only_a_first_composition_shows_what_was_read(blog) -> None:
    read = "import os\nLENGTH = int(os.environ.get('LENGTH', '100'))\n"
    blog.component("blog", NOISE + read + POST)
    blog.write("again.py", AGAIN.format(edit=""))
    assert blog.run("again").code == 0
    assert "300" in blog.succeed("migrate.diff", LENGTH="300")


@pytest.mark.slow
def test_a_module_that_changes_after_its_import_is_not_mistaken(blog) -> None:
    blog.write("lengths.py", "TITLE = 100\n")
    blog.component("blog", NOISE + "from lengths import TITLE as LENGTH\n" + POST)
    edit = "Path('lengths.py').write_text('TITLE = 300')"
    blog.write("again.py", AGAIN.format(edit=edit))
    assert blog.run("again").code == 0
    assert "300" in blog.succeed("migrate.diff")


COUNTED = """
import sys
from pathlib import Path
from berceau.settings import load
from berceau.tasks.migrate.write import migrate_project
from berceau.workflows.write.migrate import Options

opened = []
sys.addaudithook(lambda event, of: opened.append(str(of[0])) if event == "open" else None)
migrate_project(load(Path.cwd()), Options(), ask=None)
times = sum(path.endswith("blog/entities.py") for path in opened)
assert times == {times}, times
"""


def test_the_sources_are_read_once_in_a_command_that_builds_and_migrates(blog) -> None:
    blog.write("again.py", COUNTED.format(times=1))
    assert blog.run("again").code == 0
