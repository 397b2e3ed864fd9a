"""How the modules of the drivers and of the virtual network hang together."""

import grimp
import pytest


@pytest.mark.parametrize(
    "room", ["gsm_modem", "whatsapp_cloud", "virtual.modem", "virtual.network", "virtual.whatsapp"]
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
