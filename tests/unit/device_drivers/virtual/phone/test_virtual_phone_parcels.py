"""Replies as `service call` prints them."""

import pytest

from device_drivers.virtual.phone.parcel import (
    UNKNOWN_TRANSACTION,
    Broken,
    Parcel,
    exception,
    integers,
    printed,
    void,
)

pytestmark = pytest.mark.needs("mksh")


def test_prints_a_void_reply() -> None:
    assert printed(void()) == "Result: Parcel(00000000    '....')\n"


def test_prints_an_int_reply() -> None:
    assert printed(integers(3)) == "Result: Parcel(00000000 00000003   '........')\n"


def test_prints_a_negative_int() -> None:
    assert printed(integers(-1)) == "Result: Parcel(00000000 ffffffff   '........')\n"


def test_prints_an_exception_over_several_lines() -> None:
    assert printed(exception(-1, "Package x!")) == (
        "Result: Parcel(\n"
        "  0x00000000: ffffffff 0000000a 00610050 006b0063 '........P.a.c.k.'\n"
        "  0x00000010: 00670061 00200065 00210078 00000000 'a.g.e. .x.!.....'\n"
        "  0x00000020: 00000000                            '....            ')\n"
    )


def test_prints_an_unknown_transaction() -> None:
    assert printed(Broken(*UNKNOWN_TRANSACTION)) == 'Result: Parcel(Error: 0xffffffffffffffb6 "Bad message")\n'


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "ж🙂", "\n"])
def test_reads_back_what_it_wrote(text: str) -> None:
    parcel = Parcel()
    parcel.write_i32(-5)
    parcel.write_string16(text)
    parcel.write_i64(-6)
    assert len(parcel.data) % 4 == 0
    assert (parcel.read_i32(), parcel.read_string16(), parcel.read_i64(), parcel.left) == (-5, text, -6, 0)


def test_minus_one_is_a_null_string() -> None:
    parcel = Parcel()
    parcel.write_i32(-1)
    assert parcel.read_string16() is None


def test_reads_zero_and_null_behind_the_end() -> None:
    parcel = Parcel()
    assert (parcel.read_i32(), parcel.read_string16(), parcel.read_i64()) == (0, None, 0)


def test_a_wrong_type_is_read_as_what_the_service_expects() -> None:
    parcel = Parcel()
    parcel.write_string16("7")
    assert parcel.read_i32() == 1
