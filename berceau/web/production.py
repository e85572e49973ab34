"""What is right on a developer's machine only, and refused in production."""

from berceau.errors import PermissionMissingError, SettingsError
from berceau.postgres.roles import RoleReport
from berceau.settings import Settings

DEVELOPMENT = "On a developer's machine, set berceau.development = true in the ini file."


def check_settings(settings: Settings) -> None:
    """Refuse, before anything is started, settings that production can't have.

    Raises ``SettingsError``.
    """
    if settings.development:
        return
    if settings.database_url is None:
        raise SettingsError(
            "DATABASE_URL isn't set, and the embedded server is for development.",
            cure=f"Set it in the environment or in .env. {DEVELOPMENT}",
        )
    if not settings.hosts:
        raise SettingsError(
            "berceau.hosts isn't set: it lists the names that visitors use for this site.",
            cure="Set it in the ini file, as in berceau.hosts = shop.example.org www.example.org; "
            f"* takes any name. {DEVELOPMENT}",
        )


def check_role(settings: Settings, role: RoleReport) -> None:
    """Refuse a role that can change the schema. Raises ``PermissionMissingError``."""
    if role.can_change_schema and not (settings.development or settings.allow_ddl):
        raise PermissionMissingError(
            f"The role {role.role} can change the schema {role.schema}: a mistake or an intruder "
            "could, too.",
            cure="Let DATABASE_URL name a role with data rights only: `invoke db.provision` makes "
            "one. If there can't be one, set berceau.allow_ddl = true in the ini file.",
        )
