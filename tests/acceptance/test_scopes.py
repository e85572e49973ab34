"""A component says whose its tables are; shared ones may not refer to those of tenants."""

import pytest

from tests.conftest import Project

SHARED = 'scope = "shared"\n'
TENANTS = {"BERCEAU_TENANTS": "schema"}


def refused(project: Project, message: str) -> None:
    """Check that a build refuses the marked line, and only where there are tenants."""
    file, line = project.culprit()
    err = project.fail("build", **TENANTS)
    assert message in err
    assert f"{file.relative_to(project.root)}:{line}" in err
    project.succeed("build")
    assert message in project.fail("build", **TENANTS)  # also where nothing changed since
    assert not project.invoke("build", "--json").err


def test_tenants_may_refer_to_what_is_shared(project: Project) -> None:
    project.component(
        "geo", "class Country(db.Entity):\n    name = Required(str)\n", __init__=SHARED
    )
    project.component(
        "notes",
        """
        from components.geo.entities import Country
        class Note(db.Entity):
            country = Optional(Country, index="note_country")
            seen_in = Set(Country)
        """,
    )
    project.succeed("build", **TENANTS)


@pytest.mark.parametrize("attribute", ['Optional("Note", cascade_delete=False)', 'Set("Note")'])
def test_what_is_shared_may_not_refer_to_tenants(project: Project, attribute: str) -> None:
    project.component(
        "geo", f"class Country(db.Entity):\n    note = {attribute}  # culprit\n", __init__=SHARED
    )
    project.component("notes", "class Note(db.Entity):\n    text = Required(str)\n")
    refused(project, "Country.note is shared by all tenants, but Note is each tenant's own.")


def test_a_table_has_one_scope(project: Project) -> None:
    project.component(
        "people", "class Person(db.Entity):\n    name = Required(str)\n", __init__=SHARED
    )
    project.component(
        "shop",
        """
        from components.people.entities import Person
        class Customer(Person):  # culprit
            number = Optional(int)
        """,
    )
    refused(project, "Customer and Person share a table")


def test_a_shared_enum_is_declared_in_a_shared_component(project: Project) -> None:
    project.component(
        "aaa",
        """
        import enum
        class Size(enum.Enum):
            S = "s"
        class Shirt(db.Entity):
            size = Required(Size)
        """,
    )
    project.component(
        "shop",
        """
        from components.aaa.entities import Size
        class Box(db.Entity):
            size = Required(Size)  # culprit
        """,
        __init__=SHARED,
    )
    refused(project, "Box.size is shared by all tenants, but each has an enum size of its own.")


def test_another_word_is_refused(project: Project) -> None:
    project.component("geo", "", __init__='scope = "everybody"  # culprit\n')
    file, line = project.culprit()
    err = project.fail("build")
    assert "The scope of a component can't be 'everybody'." in err
    assert f"{file.relative_to(project.root)}:{line}" in err
