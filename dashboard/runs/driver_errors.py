"""What SQLite's and PostgreSQL's drivers raise, in sentences to follow the name of the database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Complaint:
    """One thing that can be wrong.

    `busy`: the same may work at once; `away`: it may when the server is back; `full`: when there is room, or the right
    to write.
    """

    sentence: str
    busy: bool = False
    away: bool = False
    full: bool = False


BUSY = Complaint("is locked by another program. Nothing was changed; try again when it is free.", busy=True)
READ_ONLY = Complaint(
    "is read-only. Nothing was changed; give this user the right to write it, or choose another database.", full=True
)
FULL = Complaint("can't grow: its disk is full. Nothing was changed; make room and try again.", full=True)
AWAY = Complaint("does not answer. Start its server, or check the address; nothing kept there is lost.", away=True)
CROWDED = Complaint(
    "has no connection free. Raise max_connections of its server, or let fewer workers use it.", away=True
)
PASSWORD = Complaint(
    "refuses this user or password. Check both in the URL; special characters are written %40 and so on."
)
MISSING = Complaint("does not exist on its server. Create it with createdb, or check the name.")

CANT_OPEN = Complaint("can't be opened. Its folder must exist and be writable.", full=True)
FAILING = Complaint("could not be read or written: the disk reported an error, or is full.", full=True)

SQLITE = {  # by the beginning of SQLite's name for the error
    "SQLITE_BUSY": BUSY,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_FULL": FULL,
    "SQLITE_IOERR": FAILING,
    "SQLITE_NOTADB": Complaint("is not a database. Choose another file; this one is left as it is."),
    "SQLITE_CORRUPT": Complaint("is damaged. Restore it from a back-up, or choose another database."),
    "SQLITE_CANTOPEN": CANT_OPEN,
}
POSTGRESQL = {  # by the beginning of SQLSTATE: PostgreSQL's manual, appendix A
    "40": BUSY,  # a deadlock was broken, or a transaction could not be put in order with another
    "55P03": BUSY,
    "25006": READ_ONLY,
    "25P03": AWAY,  # it was still within a transaction, too long for the server
    "42501": READ_ONLY,
    "53100": FULL,
    "53300": CROWDED,
    "57P0": AWAY,
    "08": AWAY,
    "28": PASSWORD,
    "3D000": MISSING,
}
CONNECTING = {  # by words of the message: a failed connection has no SQLSTATE
    "password": PASSWORD,  # authentication failed, or none supplied
    "no pg_hba.conf entry": PASSWORD,
    "role": PASSWORD,
    "connection slots": CROWDED,
    "too many clients": CROWDED,
    "does not exist": MISSING,
}


def complaint(error: BaseException | None, operational: bool, lost: bool) -> Complaint | None:
    """What `error`, a driver's, complains of; None when it is none of these.

    `operational`: of the database's doing rather than the statement's; `lost`: it cost the connection.
    """
    name = getattr(error, "sqlite_errorname", "") or ""
    state = getattr(error, "sqlstate", "") or ""
    for key, known in (SQLITE if name else POSTGRESQL).items():
        if (name or state).startswith(key):
            return known
    if lost:
        return AWAY
    if name or state or not operational:
        return None
    text = str(error)
    return next((known for words, known in CONNECTING.items() if words in text), AWAY)
