import pytest

from berceau.errors import TenantError
from berceau.schema.names import quote_name
from berceau.tenancy import tenant_schema


@pytest.mark.parametrize("name", ["a", "acme", "acme_2", "x" * 41])
def test_the_schema_of_a_tenant_needs_no_quotes(name: str) -> None:
    schema = tenant_schema(name)
    assert schema == quote_name(schema) == f"tenant_{name}"


def test_each_shared_schema_has_tenants_of_its_own() -> None:
    schemas = {tenant_schema("x" * 41, shared) for shared in ("public", "a", '"b c"', "y" * 63)}
    assert len(schemas) == 4
    assert all(schema == quote_name(schema) and len(schema) <= 63 for schema in schemas)


@pytest.mark.parametrize("name", ["", "1a", "Acme", "a-b", "a b", "_a", "é", "x" * 42, 'a"', "a\n"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(TenantError, match=r"can't be called .*\n.*lower-case"):
        tenant_schema(name)
