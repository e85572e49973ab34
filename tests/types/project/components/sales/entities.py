"""Sales, and what they add."""

from components.people.entities import Person
from components.shop.entities import Ware
from pony.orm import Required

from berceau.orm import db


class Sale(db.Entity):
    seller = Required(Person, reverse="sold")
    ware = Required(Ware)
    sold = Required(int)


class WareSales(Ware, extend=True):
    @property
    def sold(self) -> int:
        return len(self.name)
