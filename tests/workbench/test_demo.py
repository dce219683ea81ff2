from elastic_pinn.workbench import demo


def test_each_demonstration_has_a_folder_of_its_own_and_the_link_leads_to_the_newest(tmp_path, monkeypatch):
    names = iter(["demo-20260101-000000", "demo-20260101-000001"])
    monkeypatch.setattr(demo.time, "strftime", lambda form: next(names))
    first, second = demo.new_run(tmp_path), demo.new_run(tmp_path)
    assert first != second
    assert (tmp_path / "demo").resolve() == second
    assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name, "demo"}
