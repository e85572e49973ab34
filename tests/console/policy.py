"""An application's own security policy: the header X-User says who asks, and ada may look."""

from pyramid.security import Allowed, Denied


class Policy:
    def identity(self, request) -> str | None:
        return request.headers.get("X-User")

    authenticated_userid = identity

    def permits(self, request, _context, permission) -> Allowed | Denied:
        may = permission == "berceau.console" and self.identity(request) == "ada"
        return Allowed("she may") if may else Denied("nobody else may")

    def remember(self, _request, _userid, **_) -> list[tuple[str, str]]:
        return []

    def forget(self, _request, **_) -> list[tuple[str, str]]:
        return []


def includeme(config) -> None:
    config.set_security_policy(Policy())
