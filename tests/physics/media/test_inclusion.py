"""Parts of a domain that are of other materials: what is required of them, where they may be, and what tells them."""

import math

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.domains import Regions
from elastic_pinn.physics.domains.regions import of_region
from elastic_pinn.physics.media.moduli import Moduli

SOFT, STIFF = ep.Material(1.0, 1.0, 1.0), ep.Material(4.0, 4.0, 1.0)
SQUARE = ep.Domain((0.0, 2.0), (0.0, 2.0), (0.0, 1.0))
LAYER = ep.Inclusion(ep.Rectangle((0.0, 2.0), (1.0, 2.0)), STIFF)
GRAIN = ep.Inclusion(ep.Disc((1.0, 0.5), 0.3), STIFF)


def problem(*inclusions: ep.Inclusion, material: ep.Material | ep.Medium = SOFT, **others) -> ep.Problem:
    fields = {"boundary": [ep.Displacement()], "initial": ep.Initial()} | others
    return ep.Problem(fields.pop("domain", SQUARE), material, inclusions=inclusions, **fields)


def at_interface(of: ep.Problem, name: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points of a statement at an interface, normals, and the weights of the regions there."""
    (statement,) = [each for each in of.statements if each.name == name]
    points, normals = statement.place.at(torch.rand(64, 2, dtype=torch.float64, generator=torch.manual_seed(0)))
    return points, normals, statement.regions(points, normals)


def test_a_layer_meets_the_other_material_only_where_it_is_within_the_domain():
    points, normals, weights = at_interface(problem(LAYER), "interface 1 displacement")
    assert (points[:, 1] == 1.0).all()
    assert (normals == torch.tensor([0.0, -1.0])).all()  # out of the layer
    assert (weights == torch.tensor([-1.0, 1.0])).all()


def test_a_disc_meets_the_other_material_all_around():
    points, normals, weights = at_interface(problem(GRAIN), "interface 1 traction")
    away = points[:, :2] - torch.tensor([1.0, 0.5])
    torch.testing.assert_close(away, 0.3 * normals)
    assert torch.atan2(normals[:, 1], normals[:, 0]).max() > 3.0
    assert (weights == torch.tensor([-1.0, 1.0])).all()


def test_layers_that_touch_are_neighbours():
    lower = ep.Inclusion(ep.Rectangle((0.0, 2.0), (0.0, 0.5)), STIFF)
    middle = ep.Inclusion(ep.Rectangle((0.0, 2.0), (0.5, 1.0)), ep.Material(2.0, 2.0, 1.0))
    points, _, weights = at_interface(problem(lower, middle), "interface 2 displacement")
    below = points[:, 1] == 0.5
    assert (weights[below] == torch.tensor([0.0, -1.0, 1.0])).all()
    assert (weights[~below] == torch.tensor([-1.0, 0.0, 1.0])).all()
    assert 0 < below.sum() < len(points)


@pytest.mark.parametrize(
    ("contact", "rows"),
    [
        ("welded", ["displacement", "traction"]),
        ("slip", ["normal displacement", "normal traction", "shear traction inside", "shear traction outside"]),
    ],
)
def test_each_contact_has_its_statements(contact, rows):
    found = problem(ep.Inclusion(LAYER.shape, STIFF, contact)).statements
    assert [each.name for each in found if each.column == "interface"] == [f"interface 1 {row}" for row in rows]


def test_a_statement_counts_in_the_region_that_contains_the_point():
    found = problem(LAYER)
    law = found.statements[0]
    points = torch.tensor([[1.0, 0.2, 0.5], [1.0, 1.7, 0.5]], dtype=torch.float64)
    assert found.weights_of_regions(law, points, points[:0, :2]).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert problem().weights_of_regions(law, points, points[:0, :2]) is None
    assert found.stiffness(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]])).tolist() == [1.0, 4.0, 4.0]


def test_a_region_selects_its_own_pair_of_outputs():
    pairs = torch.arange(12.0).reshape(2, 6)  # two points, three regions
    assert of_region(pairs, torch.tensor([2, 0])).tolist() == [[4.0, 5.0], [6.0, 7.0]]
    assert of_region(pairs.expand(3, 2, 6), torch.tensor([1, 1])).shape == (3, 2, 2)


def test_regions_are_made_again_of_their_numbers():
    regions = Regions((LAYER.shape, GRAIN.shape))
    assert Regions.from_numbers(regions.numbers) == regions
    for wrong in ([[]], [[7.0, 1.0]], [[0.0, 1.0]], [[1.0, 0.0, 0.0, -1.0]], [[0.0, 1.0, 1.0, 0.0, 1.0]]):
        with pytest.raises(ValueError):
            Regions.from_numbers(wrong)


AT_REST = {"domain": ep.Domain((0.0, 2.0), (0.0, 2.0)), "initial": None}
OUTSIDE = "partly outside the domain"
STRESS = ep.Material(4.0, 4.0, 1.0, plane="stress")
UNKNOWN = ep.Material(4.0, 4.0, 1.0, unknowns=("mu",))
HOLED = ep.Domain(shape=ep.Plate(ep.Rectangle((0.0, 2.0), (0.0, 2.0)), (ep.Disc((1.0, 1.0), 0.3),)), t=(0.0, 1.0))


@pytest.mark.parametrize(
    ("inclusions", "others", "fault"),
    [
        ([ep.Inclusion(ep.Disc((0.1, 1.0), 0.3), STIFF)], {}, OUTSIDE),
        ([ep.Inclusion(ep.Disc((5.0, 5.0), 0.3), STIFF)], {}, OUTSIDE),
        ([ep.Inclusion(ep.Rectangle((0.0, 2.1), (1.0, 2.0)), STIFF)], {}, OUTSIDE),
        ([ep.Inclusion(ep.Disc((1.0, 0.7), 0.3), STIFF)], {"domain": HOLED}, OUTSIDE),
        ([GRAIN, LAYER, ep.Inclusion(ep.Disc((1.2, 0.5), 0.3), STIFF)], {}, "overlap"),
        ([LAYER, LAYER], {}, "overlap"),
        ([LAYER, ep.Inclusion(ep.Disc((1.0, 1.5), 0.3), STIFF)], {}, "overlap"),
        ([ep.Inclusion(ep.Rectangle((0.0, 2.0), (0.0, 2.0)), STIFF)], {}, "fill the domain"),
        ([ep.Inclusion(ep.Rectangle((0.0, 2.0), (0.0, 1.0)), STIFF), LAYER], {}, "fill the domain"),
        ([ep.Inclusion(ep.Disc((0.3, 1.0), 0.3), STIFF)], {}, "touches the boundary"),
        (
            [ep.Inclusion(ep.Rectangle((0.0, 2.0), (0.5, 1.0)), STIFF, "slip"), LAYER],
            {},
            "two kinds of contact",
        ),
        ([ep.Inclusion(LAYER.shape, STRESS)], {}, "plane stress, and the material around it in plane strain"),
        ([ep.Inclusion(LAYER.shape, UNKNOWN)], {}, r"unknowns \['mu_2'\] need receivers"),
        ([LAYER], {"material": ep.Medium(lambda x, y: 1 + x, 1.0, 1.0)}, "Medium"),
        ([ep.Inclusion(GRAIN.shape, STIFF, "slip")], AT_REST, "turned by any angle"),
        ([LAYER.shape], {}, r"inclusions\[0\] = .*an Inclusion is needed"),
    ],
)
def test_impossible_inclusions_are_refused_before_training(inclusions, others, fault):
    with pytest.raises(ep.ProblemError, match=fault):
        problem(*inclusions, **others)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"shape": SQUARE}, "a Disc or a Rectangle is needed"),
        ({"shape": HOLED.shape}, "a Disc or a Rectangle is needed"),
        ({"material": ep.Medium(1.0, 1.0, 1.0)}, "a Medium, .* is not possible yet"),
        ({"contact": "glued"}, "legal are 'welded' and 'slip'"),
    ],
)
def test_what_is_no_inclusion_is_refused(fields, fault):
    with pytest.raises(ep.ProblemError, match=fault):
        ep.Inclusion(**{"shape": LAYER.shape, "material": STIFF} | fields)


def test_what_are_no_inclusions_is_refused_and_one_alone_is_taken():
    with pytest.raises(ep.ProblemError, match="a list of Inclusions"):
        ep.Problem(SQUARE, SOFT, [ep.Displacement()], inclusions=3)
    assert ep.Problem(SQUARE, SOFT, [ep.Displacement()], inclusions=LAYER).inclusions == (LAYER,)


def test_an_inclusion_may_surround_a_hole():
    tube = ep.Inclusion(ep.Disc((1.0, 1.0), 0.5), STIFF)
    found = problem(tube, domain=HOLED)
    rim = next(each for each in found.statements if each.name == "boundary 0")
    points, normals = rim.place.at(torch.rand(200, 2, dtype=torch.float64))
    on_hole = torch.hypot(points[:, 0] - 1.0, points[:, 1] - 1.0) < 0.4
    weights = found.weights_of_regions(rim, points, normals)
    assert weights[on_hole, 1].all()
    assert weights[~on_hole, 0].all()


def test_the_identity_tells_inclusions_apart():
    base = problem(LAYER)
    others = {
        "none": problem(),
        "contact": problem(ep.Inclusion(LAYER.shape, STIFF, "slip")),
        "material": problem(ep.Inclusion(LAYER.shape, ep.Material(4.0, 4.0, 1.001))),
        "damping": problem(ep.Inclusion(LAYER.shape, ep.Material(4.0, 4.0, 1.0, damping=0.1))),
        "shape": problem(ep.Inclusion(ep.Rectangle((0.0, 2.0), (1.001, 2.0)), STIFF)),
        "number": problem(LAYER, GRAIN),
        "around": problem(LAYER, material=ep.Material(1.001, 1.0, 1.0)),
    }
    assert base.is_like(problem(ep.Inclusion(LAYER.shape, STIFF)).identity)
    for difference, other in others.items():
        assert not base.is_like(other.identity), difference
        assert not other.is_like(base.identity), difference


def test_a_problem_shows_its_inclusions():
    assert "inclusions=[Inclusion(shape=Rectangle" in repr(problem(LAYER))
    assert "inclusions" not in repr(problem())


def test_moduli_of_a_region_and_of_each_point():
    moduli = Moduli.of(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 8.0]), 1.0)
    assert float(moduli.at(1).lame_mu) == 8.0
    assert moduli.at(1).density == 1.0
    assert moduli.at(torch.tensor([1, 0, 1])).lame_lambda.tolist() == [4.0, 1.0, 4.0]
    assert math.isclose(float(moduli.at(0).s_impedance), math.sqrt(2.0), rel_tol=1e-6)


def test_an_inclusion_that_is_a_hole_is_refused():
    hole = ep.Disc((0.5, 0.5), 0.2)
    plate = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), holes=[hole])
    with pytest.raises(ep.ProblemError, match="lies in hole 1 of the Plate"):
        ep.Problem(
            ep.Domain(shape=plate, t=(0.0, 1.0)),
            ep.Material(1.0, 1.0, 1.0),
            [ep.Traction()],
            ep.Initial(),
            inclusions=[ep.Inclusion(hole, ep.Material(2.0, 2.0, 1.0))],
        )
