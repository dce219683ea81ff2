import pytest

from elastic_pinn.workbench.figures.style.units import unit_for


@pytest.mark.parametrize(
    ("value", "si", "name", "shown"),
    [
        (1.0, "m", "m", 1.0),
        (0.06, "m", "cm", 6.0),
        (6.6e-8, "m", "nm", 66.0),
        (8e-6, "s", "µs", 8.0),
        (5.76e10, "Pa", "GPa", 57.6),
        (-2e3, "Pa", "kPa", -2.0),
        (2700.0, "kg/m3", "kg/m3", 2700.0),
        (3e-5, "m/s", "µm/s", 30.0),
        (0.05, "m/s", "mm/s", 50.0),
        (2.5e3, "m/s2", "km/s2", 2.5),
        (0.0, "m", "m", 0.0),
        (3.2e-6, "1", "1e-6", 3.2),
        (0.02, "1", "1e-3", 20.0),
        (4.0, "1", "1", 4.0),
        (4.2e3, "1", "1e3", 4.2),
    ],
)
def test_a_value_reads_in_the_unit_of_its_size(value, si, name, shown):
    unit = unit_for(value, si)
    assert unit.name == name
    assert value / unit.size == pytest.approx(shown)
