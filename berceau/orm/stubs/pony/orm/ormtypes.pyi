"""What ``from pony.orm.ormtypes import ...`` finds."""

from typing import Any

from pony.orm._functions import raw_sql as raw_sql
from pony.orm._values import Array as Array
from pony.orm._values import FloatArray as FloatArray
from pony.orm._values import IntArray as IntArray
from pony.orm._values import Json as Json
from pony.orm._values import LongStr as LongStr
from pony.orm._values import LongUnicode as LongUnicode
from pony.orm._values import StrArray as StrArray

def __getattr__(name: str) -> Any: ...
