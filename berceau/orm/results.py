"""The types of what Pony returns: one row as an object, and several."""

from pony.orm.core import Entity, Multiset, Query, QueryResult, SetInstance

ROW = Entity
ROWS = (Query, QueryResult, SetInstance, Multiset)
