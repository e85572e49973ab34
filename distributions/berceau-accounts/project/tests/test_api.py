"""Accounts for programs, in JSON."""

from typing import Any

import pytest
import schemathesis
from berceau_accounts.entities import AccountsApiToken, User
from hypothesis import HealthCheck, given, settings
from pony.orm import db_session
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tests.visitor import EMAIL, NEW_PASSWORD, PASSWORD, browser, fill, sign_in

CREDENTIALS = {"email": EMAIL, "password": PASSWORD}


def ask_for_token(app: Any, status: int = 201, **values: Any) -> Any:
    return app.post_json(
        "/accounts/api/tokens", CREDENTIALS | {"name": "n"} | values, status=status
    )


@pytest.mark.usefixtures("ada")
def test_a_password_is_exchanged_for_a_token(app) -> None:
    made = ask_for_token(app, name="backup", days=7)
    assert "no-store" in made.headers["Cache-Control"]
    assert "Set-Cookie" not in made.headers
    app.authorization = ("Bearer", made.json["token"])
    found = app.get("/accounts/api/user").json
    assert (found["email"], found["groups"]) == (EMAIL, [])
    shown = {name: value for name, value in made.json.items() if name != "token"}
    assert app.get("/accounts/api/tokens").json == [shown]
    app.delete(f"/accounts/api/tokens/{shown['id']}", status=204)
    app.get("/accounts/api/user", status=401)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"email": "eve@example.org"}])
def test_a_wrong_password_and_an_unknown_address_are_told_alike(app, wrong) -> None:
    problem = ask_for_token(app, 401, **wrong)
    assert problem.content_type == "application/problem+json"
    assert problem.json["detail"] == "There is no account with this address and password."


@pytest.mark.usefixtures("ada")
@pytest.mark.settings({"accounts.tries": 2})
def test_the_api_and_the_pages_count_tries_together(app) -> None:
    ask_for_token(app, 401, password="wrong", email=EMAIL.upper())
    sign_in(app, "wrong", 422)
    problem = ask_for_token(app, 429)
    assert int(problem.headers["Retry-After"]) > 0
    assert problem.json["status"] == 429


def test_a_program_signs_a_person_up(app, mailbox) -> None:
    sent = CREDENTIALS | {"email": EMAIL.upper()}
    assert app.post_json("/accounts/api/sign-up", sent, status=202).body == b""
    fill(app, mailbox.link(), password=PASSWORD)
    with db_session:
        assert User.get(email=EMAIL) is not None


def test_a_weak_password_is_a_mistake_of_its_field(app) -> None:
    sent = CREDENTIALS | {"password": "password"}
    problem = app.post_json("/accounts/api/sign-up", sent, status=422).json
    assert [each["pointer"] for each in problem["errors"]] == ["#/password"]


def test_all_mistakes_of_a_sign_up_are_told_at_once(app) -> None:
    sent = {"email": "ada", "password": "password"}
    problem = app.post_json("/accounts/api/sign-up", sent, status=422).json
    assert [each["pointer"] for each in problem["errors"]] == ["#/email", "#/password"]


@pytest.mark.usefixtures("ada")
def test_a_program_asks_for_a_new_password(app, mailbox) -> None:
    app.post_json("/accounts/api/reset", {"email": "eve@example.org"}, status=202)
    app.post_json("/accounts/api/reset", {"email": EMAIL}, status=202)
    fill(app, mailbox.link(), new_password=NEW_PASSWORD)
    ask_for_token(app, 401)
    ask_for_token(app, password=NEW_PASSWORD)


@pytest.mark.usefixtures("ada")
def test_a_session_does_not_lead_into_the_api(app) -> None:
    """Its requests need no token against forgery, so a cookie must be worth nothing there."""
    sign_in(app)
    app.get("/accounts/api/user", status=401)


@pytest.mark.usefixtures("ada")
def test_a_token_of_another_user_is_not_found(app) -> None:
    made = ask_for_token(app).json
    with db_session:
        grace = User(email="grace@example.org", password_hash="x")
        token = AccountsApiToken(
            user=grace, name="hers", token_hash="y", expires_at=User.get(email=EMAIL).created_at
        )
        token_id = token.id
    app.authorization = ("Bearer", made["token"])
    app.delete(f"/accounts/api/tokens/{token_id}", status=404)
    app.delete("/accounts/api/tokens/nonsense", status=404)


@pytest.mark.usefixtures("ada")
@pytest.mark.settings({"accounts.tries": 10_000, "accounts.tries_from_address": 10_000})
def test_each_answer_is_as_the_document_says(app) -> None:
    authorization = f"Bearer {ask_for_token(app).json['token']}"
    document = schemathesis.openapi.from_wsgi("/openapi.json", browser(app).app)
    paths = {operation.ok().path for operation in document.get_all_operations()}
    assert len([path for path in paths if path.startswith("/accounts/api/")]) == 6
    for operation in document.get_all_operations():
        check(operation.ok(), authorization)


def check(operation: Any, authorization: str) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def answer(case: Any) -> None:
        # No schema says which texts are addresses, and which passwords are easily guessed.
        case.call_and_validate(
            headers={"Authorization": authorization},
            excluded_checks=[positive_data_acceptance],
        )

    answer()
