"""Decides whether a refusal concerns one recipient or the whole line."""

from bridge.errors import Refusal, SendRefused

#: congestion and "no credit" are also what one number may answer (barred, its network full); when so many different
#: ones in a row have heard it, it is the line's trouble
SEVERAL = 3
#: sends in a row whose outcome nobody knows before the line is left alone for a while
DOUBTS = 2
#: recipients whose own trouble looked like the network's, of which so many are remembered
MOST_REMEMBERED = 100

#: what a refusal is once several numbers have met it, or none
_OF_THE_LINE = {Refusal.TEMPORARY: Refusal.NETWORK, Refusal.CREDIT: Refusal.CREDIT}


class Blame:
    """The refusals of one line since its last success."""

    def __init__(self) -> None:
        self._refused: dict[Refusal, set[str]] = {}
        self._doubts = 0
        #: recipients whose message met "the network is out of order", and whether others were reached after that
        self._suspects: dict[str, bool] = {}

    def judge(self, refusal: SendRefused, recipient: str) -> SendRefused:
        """Reclassify a refusal by what the line has met before."""
        self._doubts = 0
        return SendRefused(refusal.cause, self._meaning(refusal.refusal, recipient))

    def _meaning(self, said: Refusal, recipient: str) -> Refusal:
        if said is Refusal.NETWORK:
            if self._suspects.get(recipient):
                return Refusal.TEMPORARY  # the others go through: it is about this one
            self._suspects[recipient] = False
            self._suspects = dict(list(self._suspects.items())[-MOST_REMEMBERED:])
            return said
        if said not in _OF_THE_LINE:
            return said
        met = self._refused.setdefault(said, set())
        met.add(recipient)
        return _OF_THE_LINE[said] if len(met) >= SEVERAL else Refusal.TEMPORARY

    def doubt(self) -> bool:
        """Count a send with unknown outcome; True when the line should be examined."""
        self._doubts += 1
        return self._doubts >= DOUBTS

    def succeeded(self, recipient: str) -> None:
        """A message was sent."""
        self._refused.clear()
        self._doubts = 0
        self._suspects = {each: True for each in self._suspects if each != recipient}
