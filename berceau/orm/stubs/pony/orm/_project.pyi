"""What differs from entity to entity: ``invoke build`` writes this file for each project."""

from typing import Any

class ProjectEntity:
    def _grouped_(self, /) -> Any: ...
