"""A tenant is dropped with its files where that is meant, and never with those of others."""

from io import BytesIO

import pytest

from berceau.errors import SettingsError, TenantError, TenantUnknownError
from berceau.files import files
from berceau.orm.tenants import acting_for
from berceau.workflows.shared.file_store import connect_files
from berceau.workflows.tenants.create import create
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


def again(shop: Shop, name: str) -> None:
    create(shop.settings, name, refuse_files=True)


def stored(shop: Shop) -> list[str]:
    found = (shop.root / "files").rglob("*")
    return sorted(str(each.parent.relative_to(shop.root)) for each in found if each.is_file())


def test_files_are_removed_with_their_tenant_only_where_that_is_meant(place: Shop) -> None:
    said: list[str] = []
    drop(place.settings, "b", said.append)
    assert said[-1].startswith(
        "1 file of the tenant b stays: `invoke tenant.drop b --files` removes"
    )
    assert stored(place) == ["files", "files/tenants/a", "files/tenants/b"]
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


@pytest.mark.parametrize("killed_in", ["drop_schema", "stored.remove", "registry.remove"])
def test_files_that_a_killed_drop_left_are_never_those_of_the_next_tenant(
    place: Shop, monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"berceau.workflows.tenants.drop.{killed_in}", kill)
        with pytest.raises(KeyboardInterrupt):
            drop(place.settings, "a", with_files=True)
    with pytest.raises(TenantError, match=r"it is dropping") as refused:
        again(place, "a")
    assert refused.value.cure == "Finish its removal first: `invoke tenant.drop a`."
    said: list[str] = []
    drop(place.settings, "a", said.append)
    if "files/tenants/a" in stored(place):
        assert "`invoke tenant.drop a --files`" in said[-1]
        with pytest.raises(TenantError, match=r"tenants/a/, and no tenant") as refused:
            again(place, "a")
        assert "`invoke tenant.drop a --files`" in str(refused.value)
        drop(place.settings, "a", with_files=True)
    assert stored(place) == ["files", "files/tenants/b"]
    with pytest.raises(TenantUnknownError):
        drop(place.settings, "a", with_files=True)
    again(place, "a")


def test_a_place_for_files_that_fails_holds_up_no_tenant(
    place: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_URL", "nowhere://at/all")
    said: list[str] = []
    drop(place.settings, "a", said.append)
    assert said[-1].startswith("whether there are files in tenants/a/ isn't known: STORAGE_URL")
    said.clear()
    create(place.settings, "a", said.append, refuse_files=True)
    assert said[0].startswith("whether there are files in tenants/a/ isn't known: STORAGE_URL")


def test_a_look_for_files_makes_no_folder(place: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_URL", (place.root / "other").as_uri())
    drop(place.settings, "a")
    again(place, "a")
    assert not (place.root / "other").exists()
