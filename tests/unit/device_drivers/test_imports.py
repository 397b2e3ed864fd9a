"""How the modules of the drivers and of the virtual network hang together."""

import subprocess
import sys

import grimp
import pytest

#: what a bridge has no use for until somebody has a device examined
FOR_LATER = ("examination", "survey")


@pytest.mark.parametrize(
    "room", ["gsm_modem", "whatsapp_cloud", "bridge_remote", "virtual.modem", "virtual.network", "virtual.whatsapp"]
)
def test_no_two_modules_need_each_other(room: str) -> None:
    """Imports for type checking count too: what is named in a signature has to be known to read it."""
    graph = grimp.build_graph("device_drivers", cache_dir=None)
    inside = {module for module in graph.modules if module.startswith(f"device_drivers.{room}")}
    circles = [
        (importer, imported)
        for importer in inside
        for imported in graph.find_modules_directly_imported_by(importer) & inside
        if graph.chain_exists(imported, importer)
    ]
    assert len(inside) > 1
    assert not circles


@pytest.mark.parametrize("driver", ["gsm_modem", "android_adb"])
def test_a_driver_comes_without_what_examines_its_devices(driver: str) -> None:
    """In an interpreter of its own, for what a process has imported stays imported."""
    loaded = f"import sys, device_drivers.{driver}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert f"device_drivers.{driver}.link" in modules
    assert [name for name in modules if name.rpartition(".")[2] in FOR_LATER] == []
