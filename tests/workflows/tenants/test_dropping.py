"""A tenant is dropped with its files where that is meant, and never with those of others."""

from io import BytesIO

import pytest

from berceau.errors import SettingsError
from berceau.files import files
from berceau.orm.tenants import acting_for
from berceau.workflows.shared.file_store import connect_files
from berceau.workflows.tenants.drop import drop
from tests.workflows.tenants.conftest import Shop


@pytest.fixture
def place(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Two tenants with a file each, and a file that is nobody's."""
    shop.write(1, "CREATE TABLE note (text text);")
    shop.add("a", "b")
    monkeypatch.setenv("STORAGE_URL", (shop.root / "files").as_uri())
    connect_files(shop.settings)
    for each in (*shop.tenants(), None):
        with acting_for(each):
            files.save(BytesIO(b"text"))
    return shop


def stored(shop: Shop) -> list[str]:
    found = (shop.root / "files").rglob("*")
    return sorted(str(each.parent.relative_to(shop.root)) for each in found if each.is_file())


def test_files_are_removed_with_their_tenant_only_where_that_is_meant(place: Shop) -> None:
    drop(place.settings, "b")
    assert stored(place) == ["files", "files/tenants/a", "files/tenants/b"]
    said: list[str] = []
    drop(place.settings, "a", said.append, with_files=True)
    assert stored(place) == ["files", "files/tenants/b"]
    assert said[-1] == "removing 1 file"
    assert place.tenants() == ()


def test_nothing_is_dropped_where_files_cant_be_reached(
    place: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_URL", "nowhere://at/all")
    with pytest.raises(SettingsError, match="STORAGE_URL"):
        drop(place.settings, "a", with_files=True)
    assert [(each.name, each.state) for each in place.tenants()] == [("a", "ready"), ("b", "ready")]
