"""Files of a tenant that is gone: the next one of its name would have them."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from berceau.errors import SettingsError, StorageError, TenantError
from berceau.files import files
from berceau.orm.tenants import acting_for
from berceau.postgres.runner.progress import Report
from berceau.settings import Settings
from berceau.tenancy import Tenant
from berceau.workflows.shared.file_store import connect_files, place_of
from berceau.workflows.shared.wording import counted


def keys(settings: Settings, tenant: Tenant) -> tuple[str, ...]:
    """Return the keys of all files; ``SettingsError``, ``StorageError`` if they can't be seen."""
    connect_files(settings)
    return tuple(_keys(tenant))


def remove(settings: Settings, tenant: Tenant, report: Report) -> None:
    """Remove all files of ``tenant``; another run removes those that are left."""
    found = keys(settings, tenant)
    report(f"removing {counted(len(found), 'file')}")
    with acting_for(tenant):
        for key in found:
            files.remove(key)


def tell(settings: Settings, tenant: Tenant, report: Report) -> None:
    """Report how many files stay of a ``tenant`` that is dropped, and what removes them."""
    try:
        found = keys(settings, tenant) if _is_there(settings) else ()
    except (SettingsError, StorageError) as error:
        report(_unseen(tenant, error))
        return
    if found:
        stay = "stays" if len(found) == 1 else "stay"
        report(
            f"{counted(len(found), 'file')} of the tenant {tenant} {stay}: `{_command(tenant)}` "
            "removes what is left, also afterwards"
        )


def refuse(settings: Settings, tenant: Tenant, report: Report) -> None:
    """Raise ``TenantError`` where a new ``tenant`` would have files of one that had its name."""
    try:
        if not _is_there(settings):
            return
        connect_files(settings)
        first = next(_keys(tenant), None)
    except (SettingsError, StorageError) as error:
        report(_unseen(tenant, error))
        return
    if first is not None:
        raise TenantError(
            f"There are files in the folder tenants/{tenant}/, and no tenant of that name. "
            "A new one would have them.",
            cure=f"Nothing was made. `{_command(tenant)}` removes them. Or choose another name.",
        )


def _keys(tenant: Tenant) -> Iterator[str]:
    with acting_for(tenant):
        yield from files.keys()


def _is_there(settings: Settings) -> bool:
    """Return whether files may have been stored: a look makes no folder, which has an owner."""
    place = urlsplit(place_of(settings) or "file:")
    return place.scheme != "file" or (bool(place.path) and Path(unquote(place.path)).is_dir())


def _command(tenant: Tenant) -> str:
    return f"invoke tenant.drop {tenant} --files"


def _unseen(tenant: Tenant, error: SettingsError | StorageError) -> str:
    return (
        f"whether there are files in tenants/{tenant}/ isn't known: {error.message} "
        f"If there are some of one that was dropped, `{_command(tenant)}` removes them"
    )
