"""A connection to PostgreSQL that only reads, and waits for no answer that tells nothing."""

from bridge.store.postgresql.answers import Result, say
from bridge.store.postgresql.connection import Connection
from bridge.store.postgresql.session import Lost, told

_READS = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class ReadingConnection(Connection):
    """Its transaction is over once the server was told so; the next one takes along what the server answers."""

    _has_left = False

    def __init__(self, url: str) -> None:
        super().__init__(url, (_READS, ()), defers=True)

    def _is_open(self) -> bool:
        return not self._has_left and super()._is_open()

    def _undo(self) -> None:
        self._has_left = True
        try:
            with told():
                say(self._session, self._made("ROLLBACK"))
        except Lost as error:
            self._give_up(error)
            raise

    def _begin_anew(self) -> Result:
        self._has_left = False
        return super()._begin_anew()
