"""The database's clock, by which heartbeats are written and judged: machines may disagree on the time."""

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class now(FunctionElement):  # noqa: N801 - a function of SQL
    """Seconds since 1970. SQLite has no clock of its own: it asks that of the machine it is on."""

    type = Float()
    inherit_cache = True


@compiles(now)
def _of_a_server(_element, _compiler, **_):
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


@compiles(now, "sqlite")
def _of_sqlite(_element, _compiler, **_):
    return "((julianday('now') - 2440587.5) * 86400.0)"
