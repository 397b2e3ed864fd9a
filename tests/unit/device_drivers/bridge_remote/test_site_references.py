"""What parts are called at a site."""

import pytest

from device_drivers.bridge_remote.references import number_of, part_of, reference

ID = "0" * 40


def test_a_name_leads_back_to_its_part() -> None:
    assert part_of(reference((ID, 3), 12)) == (ID, 3)
    assert len(reference((ID, 255), 1000)) <= 128


@pytest.mark.parametrize("name", ["", "order-17", f"{ID}.1", f"{ID}.1.", f"{ID}.a.1", "a b.1.1"])
def test_names_of_other_programs_are_not_ours(name: str) -> None:
    assert part_of(name) is None


def test_numbers_differ_by_try_and_fit_the_store() -> None:
    numbers = {number_of(reference((ID, part), tries)) for part in range(1, 6) for tries in range(1, 6)}
    assert len(numbers) == 25
    assert all(255 < number < 1 << 62 for number in numbers)
