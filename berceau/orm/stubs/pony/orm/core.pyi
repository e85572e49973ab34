"""What ``from pony.orm.core import ...`` finds: the public names, and internals without a type."""

from typing import Any

from pony.orm import *
from pony.orm._attributes import Attribute as Attribute
from pony.orm._attributes import Collection as Collection
from pony.orm._collection import SetInstance as SetInstance
from pony.orm._entity import Entity as Entity
from pony.orm._entity import EntityMeta as EntityMeta
from pony.orm._query import Query as Query
from pony.orm._query import QueryResult as QueryResult

def __getattr__(name: str) -> Any: ...
