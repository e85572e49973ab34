"""``invoke new``: a component to start from."""

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.project import load, say


@command(
    help={
        "name": "the component's name, such as guest_book",
        "api": "an API for programs, with an OpenAPI document, instead of a page",
    }
)
def new(_: Context, name: str, api: bool = False) -> None:
    """Write a working component: entities, views and tests, with a page or an API."""
    from berceau.workflows.build.new import create

    settings = load()
    created = create(settings, name, api=api)
    say(f"wrote {created.folder.relative_to(settings.root)}, with the entity {created.entity}:")
    for file in created.files:
        say(f"  {file}")
    say("next:")
    say(f"  invoke migrate --name add_{name}")
    say(f"  invoke test -- components/{name}")
    say(f"  invoke serve   # and open {f'/api/{name}' if api else f'/{name}'}")
