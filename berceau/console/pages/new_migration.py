"""The next migration: what would be written, what it asks, and the button that writes it."""

import re
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from berceau.console.pages.migration import REFUSED
from berceau.console.pages.migrations import hazard_badges
from berceau.console.sql import pieces
from berceau.console.target import declared_for, scope_of, target_of, whose
from berceau.console.views import console_view
from berceau.errors import BerceauError
from berceau.schema.release import Misfit
from berceau.schema.sql import Lock, Statement
from berceau.schema.suggest import Question
from berceau.web.registry import settings_of
from berceau.workflows.build.declared import declared
from berceau.workflows.shared.wording import counted
from berceau.workflows.tenants.migrating import migrate_all
from berceau.workflows.write.gaps import Gap
from berceau.workflows.write.migrate import Options, Outcome
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.prepared import (
    Answers,
    Prepared,
    asking,
    command,
    key_of,
    prepare,
    write,
)

PATH = "/migrations/new"
ANSWER = "answer "
SECTION: dict[str, Any] = {"section": "migrations", "template": "new_migration.pt"}
LONGEST_NAME = 40


@console_view(PATH, development=True, **SECTION)
def new_migration(request: Request) -> dict[str, Any]:
    """Show what separates the migrations from the entities."""
    return _page(request, Options(scope=scope_of(request)), {})


@console_view(PATH, method="POST", **SECTION)
def write_migration(request: Request) -> Any:
    """Show it again with the answers of the form, or write and apply it."""
    options, answers = _options(request), _answers(request)
    if request.POST.get("do") != "write":
        return _page(request, options, answers)
    try:
        outcome = _write(request, options, answers)
    except BerceauError as error:
        request.response.status = REFUSED
        return _page(request, options, answers, error)
    if outcome.written is None:
        request.flash("There was nothing to write.")
        return HTTPSeeOther(request.console_path("/migrations"))
    done = "Wrote" if options.create_only else "Wrote and applied"
    request.flash(f"{done} {outcome.written}.")
    return HTTPSeeOther(request.console_path("/migrations/{name}", name=outcome.written))


def _write(request: Request, options: Options, answers: Answers) -> Outcome:
    settings = settings_of(request.registry.settings)
    known = declared(settings)
    if settings.tenants:
        return migrate_all(settings, known, options, ask=asking(answers))
    return write(settings, known.schema, known.component_by_name, options, answers)


def _options(request: Request) -> Options:
    given = request.POST
    name = re.sub(r"[^a-z0-9]+", "_", str(given.get("name", "")).lower())[:LONGEST_NAME].strip("_")
    return Options(
        name or Options().name,
        create_only=given.get("create_only") == "yes",
        allow_data_loss=given.get("allow_data_loss") == "yes",
        allow_downtime=given.get("allow_downtime") == "yes",
        scope=scope_of(request),
    )


def _answers(request: Request) -> Answers:
    return {
        name.removeprefix(ANSWER): str(value)
        for name, value in request.POST.items()
        if name.startswith(ANSWER)
    }


def _page(
    request: Request, options: Options, answers: Answers, error: BerceauError | None = None
) -> dict[str, Any]:
    try:
        with target_of(request) as running:
            known = declared_for(running)
            prepared = prepare(
                running.settings, known.schema, known.component_by_name, options, answers
            )
    except BerceauError as broken:
        prepared, error = Prepared(None), error or broken
    shown_error = error or prepared.refused
    plan = prepared.plan
    # What rows need depends on what was renamed, so that is asked first.
    open_questions = any(key_of(each) not in answers for each in prepared.questions)
    ready = not open_questions and all(answers.get(key_of(each)) for each in prepared.gaps)
    return {
        "error": shown_error,
        # What is still to be answered is no error to a person who was only asked now.
        "is_asked": error is None and not ready and prepared.refused is not None,
        "ready": ready,
        "whose": whose(request),
        "counted": counted,
        "statements": [] if open_questions else _statements(plan),
        "notes": _notes(plan),
        "misfits": [_misfit(each) for each in plan.verdict.misfits] if plan else [],
        "questions": [_question(each, answers) for each in prepared.questions],
        "gaps": [] if open_questions else [_gap(each, answers) for each in prepared.gaps],
        "options": options,
        "loses_data": prepared.loses_data,
        "differs": prepared.differs or error is not None,
        "writes": bool(plan and plan.writes),
        "name": "" if options.name == Options().name else options.name,
        "command": command(options, prepared, answers),
    }


def _statements(plan: Plan | None) -> list[dict[str, Any]]:
    statements: tuple[Statement, ...] = plan.up if plan else ()
    return [
        {
            "number": number,
            "pieces": pieces(each.text),
            "hazards": hazard_badges(sorted(each.hazards)),
            "lock": "" if each.lock is Lock.NONE else str(each.lock),
            "alone": "outside of a transaction" if each.runs_alone else "",
        }
        for number, each in enumerate(statements, 1)
    ]


def _notes(plan: Plan | None) -> list[str]:
    if plan is None:
        return []
    kept = [f"It keeps {each} for the release that still runs." for each in plan.keeps]
    ended = [f"It ends {each}, which was kept for an earlier release." for each in plan.ends]
    undone = [f"It can't be undone: {plan.irreversible}"] if plan.irreversible else []
    return [*kept, *ended, *undone, *plan.notes]


def _misfit(misfit: Misfit) -> str:
    return f"The release that still runs can't run on it: {misfit}"


def _question(question: Question, answers: Answers) -> dict[str, Any]:
    key = key_of(question)
    return {
        "name": ANSWER + key,
        "kind": str(question.kind),
        "path": question.path,
        "note": question.note,
        "candidates": question.candidates,
        "answer": answers.get(key),
    }


def _gap(gap: Gap, answers: Answers) -> dict[str, Any]:
    key = key_of(gap)
    return {
        "name": ANSWER + key,
        "need": gap.need,
        "labels": gap.labels,
        "option": gap.option,
        "answer": answers.get(key, ""),
    }
