"""What the doctor makes of the running bridge."""

from bridge.doctor import http


def test_a_bridge_of_another_release_wants_a_restart() -> None:
    assert http.same_release("0.1.0", "0.1.0") == []
    (older,) = http.same_release("0.1.0", "0.2.0")
    assert (older.level, "restart" in older.remedy) == ("warn", True)
    (oldest,) = http.same_release("", "0.2.0")
    assert "of an older release" in oldest.message
