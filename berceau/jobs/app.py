"""The one procrastinate ``App``, which components add their tasks to."""

from berceau.errors import SettingsError

try:
    from procrastinate import App
except ModuleNotFoundError as error:
    raise SettingsError(
        f"Background jobs need a package that isn't installed: {error.name}.",
        cure="Install it: pip install 'berceau[jobs]'.",
    ) from error

from berceau.jobs.connector import UnitConnector
from berceau.jobs.manager import Manager
from berceau.jobs.tenants import act_for_tenant

jobs = App(
    connector=UnitConnector(),
    # What succeeded is of no more use; what failed is kept, to be looked at and run again.
    worker_defaults={"delete_jobs": "successful", "worker_middleware": [act_for_tenant]},
)
jobs.job_manager = Manager(jobs)
