"""What ``from pony.orm import ...`` finds."""

from pony.orm._attributes import Discriminator as Discriminator
from pony.orm._attributes import Optional as Optional
from pony.orm._attributes import PrimaryKey as PrimaryKey
from pony.orm._attributes import Required as Required
from pony.orm._attributes import Set as Set
from pony.orm._attributes import composite_index as composite_index
from pony.orm._attributes import composite_key as composite_key
from pony.orm._database import Database as Database
from pony.orm._database import commit as commit
from pony.orm._database import db_session as db_session
from pony.orm._database import flush as flush
from pony.orm._database import rollback as rollback
from pony.orm._database import set_sql_debug as set_sql_debug
from pony.orm._database import sql_debug as sql_debug
from pony.orm._database import sql_debugging as sql_debugging
from pony.orm._errors import *
from pony.orm._functions import JOIN as JOIN
from pony.orm._functions import avg as avg
from pony.orm._functions import between as between
from pony.orm._functions import coalesce as coalesce
from pony.orm._functions import concat as concat
from pony.orm._functions import count as count
from pony.orm._functions import delete as delete
from pony.orm._functions import desc as desc
from pony.orm._functions import distinct as distinct
from pony.orm._functions import exists as exists
from pony.orm._functions import get as get
from pony.orm._functions import group_concat as group_concat
from pony.orm._functions import left_join as left_join
from pony.orm._functions import make_proxy as make_proxy
from pony.orm._functions import max as max
from pony.orm._functions import min as min
from pony.orm._functions import raw_sql as raw_sql
from pony.orm._functions import select as select
from pony.orm._functions import show as show
from pony.orm._functions import sum as sum
from pony.orm._values import FloatArray as FloatArray
from pony.orm._values import IntArray as IntArray
from pony.orm._values import Json as Json
from pony.orm._values import LongStr as LongStr
from pony.orm._values import LongUnicode as LongUnicode
from pony.orm._values import StrArray as StrArray

buffer = bytes
unicode = str
