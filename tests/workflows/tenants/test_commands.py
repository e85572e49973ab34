"""Messages name commands that work in a project with tenants."""

import pytest

from berceau.errors import HistoryError, TenantError
from berceau.migration.history import compare
from berceau.migration.migration import Migration
from berceau.tenancy import Target, Tenant
from berceau.workflows.tenants.commands import complete, completing
from berceau.workflows.tenants.many import failure
from berceau.workflows.tenants.states import Alike, States

SHARED, ACME = Target("shared"), Target("tenant", "tenant_acme", name="acme")
MESSAGES = [
    ("Run `invoke migrate.rebase`.", SHARED, "Run `invoke migrate.rebase --scope shared`."),
    (
        "invoke migrate.rebase --branch 20260101000000_a",
        ACME,
        "invoke migrate.rebase --scope tenant --branch 20260101000000_a",
    ),
    (
        "`invoke migrate.resolve 20260101000000_a --applied`",
        ACME,
        "`invoke migrate.resolve --tenant acme 20260101000000_a --applied`",
    ),
    ("`invoke migrate.resolve a --applied`", SHARED, "`invoke migrate.resolve a --applied`"),
    ("`invoke migrate.resolve a`", Target("tenant"), "`invoke migrate.resolve a`"),
    ("`invoke migrate.squash --scope tenant`", SHARED, "`invoke migrate.squash --scope tenant`"),
    (
        "`invoke migrate.deploy`, `invoke migrate`",
        ACME,
        "`invoke migrate.deploy`, `invoke migrate`",
    ),
]


@pytest.mark.parametrize(("text", "target", "whole"), MESSAGES)
def test_commands_name_what_they_work_on(text: str, target: Target, whole: str) -> None:
    assert complete(text, target) == whole
    assert complete(whole, target) == whole
    with pytest.raises(HistoryError) as refusal, completing(target):
        raise HistoryError("No.", cure=text)
    assert refusal.value.cure == whole


def test_what_failed_in_a_tenant_is_settled_in_that_one() -> None:
    error = HistoryError("It failed.", cure="Settle it: `invoke migrate.resolve a --applied`.")
    assert "`invoke migrate.resolve --tenant acme a --applied`" in str(failure({"acme": error}))


@pytest.mark.parametrize("scope", ["shared", "tenant"])
def test_a_deploy_that_is_refused_names_the_history(scope: str) -> None:
    broken = compare([Migration("20260101000000_a", "-- Parent: 20250101000000_gone\n")], [])
    assert broken.contradictions
    sound = compare([], [])
    states = States(
        broken if scope == "shared" else sound,
        (Alike(broken if scope == "tenant" else sound, (Tenant("acme", "tenant_acme"),)),),
    )
    with pytest.raises((HistoryError, TenantError)) as refusal:
        states.require_sound()
    assert f"invoke migrate.rebase --scope {scope}" in str(refusal.value.cure)
