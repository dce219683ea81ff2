from elastic_pinn.workbench import demo


def test_each_demonstration_has_a_folder_of_its_own_and_the_link_leads_to_the_newest(tmp_path, monkeypatch):
    names = iter(["demo-20260101-000000", "demo-20260101-000001"])
    monkeypatch.setattr(demo.time, "strftime", lambda form: next(names))
    first, second = demo.new_run(tmp_path), demo.new_run(tmp_path)
    assert first != second
    assert (tmp_path / "demo").resolve() == second
    assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name, "demo"}


def test_the_comparison_shows_true_and_recovered_values_with_errors():
    table = demo.comparison({"lambda": 5.76e10, "mu": 2.6e10}, {"lambda": 5.8176e10, "mu": 2.587e10})
    _, first, second = (line.split() for line in table.splitlines())
    assert first == ["lambda", "57.600", "GPa", "58.176", "GPa", "+1.00%"]
    assert second == ["mu", "26.000", "GPa", "25.870", "GPa", "-0.50%"]
