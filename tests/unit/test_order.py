"""How many processes share the tests, and the order in which they get them."""

import os

import pytest

from tests.support.order import long_ones_first


@pytest.mark.parametrize(
    ("tests", "ordered"),
    [("", ""), ("abcd", "abcd"), ("abcXdefY", "XabcYdef"), ("abXYZcdefg", "XZabcYdefg"), ("XYZ", "XZY"), ("X", "X")],
)
def test_half_of_the_processes_begin_with_long_tests(tests: str, ordered: str) -> None:
    assert "".join(long_ones_first(tests, str.isupper)) == ordered


def test_two_processes_share_the_tests_for_each_processor_that_may_be_used(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 3})
    assert pytestconfig.hook.pytest_xdist_auto_num_workers(config=pytestconfig) == 6
