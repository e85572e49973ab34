"""The addresses of accounts."""

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
    "accounts.sessions": "/accounts/sessions",
    "accounts.sessions.end": "/accounts/sessions/end",
    "accounts.session.end": "/accounts/sessions/{id}/end",
    "accounts.tokens": "/accounts/tokens",
    "accounts.tokens.new": "/accounts/tokens/new",
    "accounts.token.revoke": "/accounts/tokens/{id}/revoke",
}


def includeme(config: Configurator) -> None:
    """Add the routes, and the link of the navigation."""
    for name, pattern in PAGES.items():
        config.add_route(name, pattern)
    config.add_static_view("static/accounts", "berceau_accounts:static")
    config.add_navigation_item("Account", "accounts")
