"""How makes of phone differ for a program that uses their shell, as data."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """A make: its Android, its names, and what it does in its own way (fields of `Faults`)."""

    name: str
    sdk: int = 34
    manufacturer: str = "Virtual"
    model: str = "Phone"
    ways: Mapping[str, Any] = field(default_factory=dict)


GENERIC = Profile("generic")
PROFILES = {
    profile.name: profile
    for profile in (
        GENERIC,
        Profile("android6", 23),
        Profile("android10", 29),
        Profile("huawei8", 26, "HUAWEI", "VIR-L29"),
        Profile("huawei9", 28, "HUAWEI", "VIR-L30"),
        Profile("xiaomi", 33, "Xiaomi", "22101320V", {"miui": True, "log_debug": True}),
        Profile("samsung", 34, "samsung", "SM-V556B", {"network_dates": True}),
        Profile("strict", 34, "Strict", "One", {"refuse_expressions": True, "log_silent": True}),
        Profile("anonymous", 31, "Plain", "A1", {"no_creators": True, "national_numbers": True}),
        Profile("developer", 36, "Google", "Virtual", {"whole_iccids": True, "log_debug": True}),
    )
}
