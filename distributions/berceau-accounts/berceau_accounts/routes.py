"""The addresses of accounts: of pages, and of the API."""

from pyramid.config import Configurator

PAGES = {
    "accounts": "/accounts",
    "accounts.sign_up": "/accounts/sign-up",
    "accounts.sent": "/accounts/sent",
    "accounts.confirm": "/accounts/confirm",
    "accounts.sign_in": "/accounts/sign-in",
    "accounts.sign_out": "/accounts/sign-out",
    "accounts.reset": "/accounts/reset",
    "accounts.new_password": "/accounts/new-password",
    "accounts.password": "/accounts/password",
    "accounts.email": "/accounts/email",
    "accounts.new_email": "/accounts/new-email",
    "accounts.delete": "/accounts/delete",
    "accounts.sessions": "/accounts/sessions",
    "accounts.sessions.end": "/accounts/sessions/end",
    "accounts.session.end": "/accounts/sessions/{id}/end",
    "accounts.tokens": "/accounts/tokens",
    "accounts.tokens.new": "/accounts/tokens/new",
    "accounts.token.revoke": "/accounts/tokens/{id}/revoke",
}

API = {
    "accounts.api.sign_up": "/accounts/api/sign-up",
    "accounts.api.reset": "/accounts/api/reset",
    "accounts.api.user": "/accounts/api/user",
    "accounts.api.delete": "/accounts/api/user/delete",
    "accounts.api.tokens": "/accounts/api/tokens",
    "accounts.api.token": "/accounts/api/tokens/{id}",
}


def includeme(config: Configurator) -> None:
    """Add the routes, and the link of the navigation.

    Where there are tenants, each has users of its own, so shared pages have no accounts.
    """
    for name, pattern in (PAGES | API).items():
        config.add_route(name, pattern, has_tenant=True)
    config.token_api(prefix="/accounts/api")
    config.add_static_view("static/accounts", "berceau_accounts:static")
    config.add_navigation_item("Account", "accounts")
