"""The application as a test's visitors see it: those of the tenant that the test acts for."""

from typing import Any

from webtest import TestApp

from berceau.orm.tenants import current_tenant
from berceau.web.tenants import CHOSEN


class TenantApp(TestApp):  # type: ignore[misc]  # WebTest has no types
    """A ``TestApp`` whose requests are of the present tenant, whatever the application's choice.

    A request whose environ has ``berceau.tenant`` chooses by itself; empty, it lets the
    application choose.
    """

    def do_request(self, req: Any, *args: Any, **options: Any) -> Any:
        """Send ``req``."""
        tenant = current_tenant()
        if tenant is not None:
            req.environ.setdefault(CHOSEN, tenant)
        return super().do_request(req, *args, **options)
