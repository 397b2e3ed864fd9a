"""The interpreter's habits change while very many messages are in memory, and are as before when they are gone."""

import gc
import sys

from bridge.gateway.interpreter import TURN, Interpreter


def habits() -> tuple[tuple[int, int, int], float]:
    return gc.get_threshold(), round(sys.getswitchinterval(), 6)


def test_it_is_as_before_when_the_last_call_is_done() -> None:
    interpreter, before = Interpreter(), habits()
    with interpreter.considerate():
        with interpreter.considerate():
            pass
        assert gc.get_threshold()[2] > 100_000
        assert round(sys.getswitchinterval(), 6) == TURN
    assert habits() == before
