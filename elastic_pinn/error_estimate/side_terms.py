"""What statements on sides and interfaces ask of the error: rows of what is prescribed, loads, dashpots and springs.

An equation between displacements alone prescribes a combination of them at each node. Any other has a traction, which
is a load there, and a velocity or a displacement beside it acts as a dashpot or a spring.

Letters: n nodes on sides, T instants, E equations a node, D degrees of freedom, R regions, k of those in a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.error_estimate.misfits import at_instant, equations_at, misfits
from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.elasticity import Normal, traction
from elastic_pinn.physics.finite_elements import Constraints, Curve, Elements
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.statement import Statement

Array = np.ndarray[Any, Any]

SIMPSON = np.array([1.0, 4.0, 1.0]) / 6.0  # of the length of a piece, for its first, middle and last node
WITHIN = 1e-6  # of a piece: so far from its ends are the first and the last node, where the region is that of the piece
BESIDE = 1e-6  # of the unit of length: where the region beside a side is looked up
OFF = 1e-6  # of the coefficients: an equation whose gradients form no traction is off by more


class Term(NamedTuple):
    """The part of equations that is about one region at the nodes of a side, or at their images.

    dofs: (n, 2). of_value, of_rate, of_traction: coefficients of the displacement, of the velocity and of the traction
    on the outward normal, each (n, E, 2).
    """

    dofs: Array
    of_value: Array
    of_rate: Array
    of_traction: Array


@dataclass
class SideTerms:
    """Collected statement by statement.

    Attributes
    ----------
    model, problem, elements
        The wavefield, what is asked of it, and where its error is solved for.
    times
        The instants, (T,), s.
    loads
        (T, D).
    largest
        The largest misfit of a side or an interface, dimensionless.
    """

    model: Model
    problem: Problem
    elements: Elements
    times: Array
    loads: Array = field(init=False)
    largest: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.loads = np.zeros((len(self.times), self.elements.count))
        self._rows: list[tuple[Array, Array, Array]] = []  # dofs and weights, each (rows, k), and values (T, rows)
        self._dashpots: list[tuple[Array, Array]] = []  # dofs (n, 2), and matrices (n, 2, 2)
        self._springs: list[tuple[Array, Array]] = []
        self._met: set[tuple[int, ...]] = set()
        for statement in self.problem.statements:
            if statement.place and statement.place.kind in ("boundary", "interface"):
                for curve, here in self._pieces(statement):
                    self._add(statement, curve, here)

    @property
    def constraints(self) -> Constraints:
        """The combinations of displacements that are prescribed."""
        widest = max((dofs.shape[1] for dofs, _, _ in self._rows), default=1)
        all_dofs, all_weights = [np.zeros((0, widest), dtype=np.int64)], [np.zeros((0, widest))]
        for dofs, weights, _ in self._rows:
            missing = (0, 0), (0, widest - dofs.shape[1])
            all_dofs.append(np.pad(dofs, missing, mode="edge"))
            all_weights.append(np.pad(weights, missing))
        return Constraints(np.concatenate(all_dofs), np.concatenate(all_weights), self.elements.count)

    @property
    def prescribed(self) -> Array:
        """Their values, (T, rows)."""
        return np.concatenate([np.zeros((len(self.times), 0)), *(values for _, _, values in self._rows)], axis=1)

    @property
    def damping(self) -> Any:
        """The matrix of the dashpots, (D, D)."""
        return self._assembled(self._dashpots)

    @property
    def stiffness(self) -> Any:
        """The matrix of the springs, (D, D)."""
        return self._assembled(self._springs)

    def moduli(self, region: int, xy: Tensor) -> Moduli:
        """The moduli of a region at places (n, 2), m: numbers, or each (n,), dimensionless."""
        found = self.problem.moduli(at_instant(xy, 0.0))
        return found or Moduli(*(float(each) for each in self.model.material().at(region)))

    def _assembled(self, parts: Sequence[tuple[Array, Array]]) -> Any:
        from scipy.sparse import coo_array

        shape, none = (self.elements.count, self.elements.count), np.zeros(0)
        rows = [np.repeat(dofs, 2, axis=1).ravel() for dofs, _ in parts]
        columns = [np.tile(dofs, (1, 2)).ravel() for dofs, _ in parts]
        values = [matrices.ravel() for _, matrices in parts]
        places = tuple(np.concatenate([none.astype(np.int64), *each]) for each in (rows, columns))
        return coo_array((np.concatenate([none, *values]), places), shape=shape).tocsr()

    def _pieces(self, statement: Statement) -> Iterator[tuple[Curve, Array]]:
        """The curves that a statement is about, and which of their pieces, in one region each."""
        place = statement.place
        assert place
        owner = place.shape or self.problem.domain.shape
        parts = place.parts[:1] if place.image else place.parts
        for curve in self.elements.mesh.curves:
            if curve.shape is not owner:
                continue
            low, high = owner.span(curve.side)
            middle = low + (high - low) * curve.middles  # (n,)
            on_parts = [(part.low < middle) & (middle < part.high) for part in parts if part.side == curve.side]
            here = np.logical_or.reduce(on_parts) if on_parts else np.zeros(len(middle), dtype=bool)
            xy, normals = curve.at(curve.middles)
            beside = (self._region(xy, step * normals) for step in (-1.0, 1.0))
            pair = np.stack(list(beside), axis=1)  # (n, 2)
            if place.kind == "boundary":
                pair[:, 1] = pair[:, 0]  # nothing is outside
            for regions in np.unique(pair[here], axis=0):
                yield curve, here & (pair == regions).all(1)

    def _region(self, xy: Tensor, direction: Tensor) -> Array:
        """The region a little way along a direction from places, (n,)."""
        beside = xy + BESIDE * self.problem.scales.length * direction
        return self.problem.regions.index(*beside.unbind(1)).numpy()

    def _add(self, statement: Statement, curve: Curve, here: Array) -> None:
        """Add what a statement asks on some pieces of a curve."""
        first, last = curve.fractions[:-1][here], curve.fractions[1:][here]
        steps = np.array([WITHIN, 0.5, 1.0 - WITHIN])
        xy, normals = curve.at((first[:, None] + (last - first)[:, None] * steps).ravel())
        terms = self._terms(statement, curve, here, xy, normals)
        values = misfits(self.model, self.problem, statement, xy, normals, self.times)  # (T, n, E)
        self.largest = max(self.largest, float(np.abs(values).max()))
        is_load = any(np.any(each.of_traction) or np.any(each.of_rate) for each in terms)
        if statement.place and statement.place.kind == "interface" and not self._is_new(terms, is_load):
            return  # the same is asked by the inclusion beside it
        if not is_load:
            dofs = np.concatenate([each.dofs for each in terms], axis=1)  # (n, k)
            weights = np.concatenate([each.of_value for each in terms], axis=2)  # (n, E, k)
            rows = np.repeat(dofs, weights.shape[1], axis=0)
            self._rows.append((rows, weights.reshape(len(rows), -1), values.reshape(len(values), -1)))
            return
        (whole,) = curve.shape.parts_of([curve.side])
        lengths = curve.shape.length(whole) * (last - first) / self.problem.scales.length
        shares = (lengths[:, None] * SIMPSON).ravel()
        # Where two regions meet, what the equation is about is tied: a load on one of them is one on both.
        term = terms[0]
        load = shares[:, None, None] * np.linalg.pinv(term.of_traction)  # (n, 2, E)
        np.add.at(self.loads.T, term.dofs.ravel(), np.einsum("nie,tne->nit", load, values).reshape(-1, len(values)))
        for coefficients, parts in ((term.of_rate, self._dashpots), (term.of_value, self._springs)):
            if np.any(coefficients):
                parts.append((term.dofs, load @ coefficients))

    def _is_new(self, terms: Sequence[Term], is_load: bool) -> bool:
        """Whether nothing of the kind has been asked of the same regions at the same nodes yet."""
        key = (int(is_load), *sorted(int(each.dofs[1, 0]) for each in terms))
        is_new = key not in self._met
        self._met.add(key)
        return is_new

    def _terms(self, statement: Statement, curve: Curve, here: Array, xy: Tensor, normals: Tensor) -> list[Term]:
        """The parts of a statement's equations at nodes of a curve, those that are zero left out."""
        asked, count, found = equations_at(self.model, self.problem, statement, xy, normals), len(xy), []
        matrix = torch.einsum("nk,kjec->jnec", asked.coefficients, asked.operator).detach().double().numpy()
        by_name = dict(zip(asked.names, matrix, strict=True))  # each (M n, E, 2 R)
        zero = np.zeros_like(matrix[0])
        for block in range(asked.tied):
            at, outwards = xy, normals
            if block and statement.place and statement.place.image:
                at, outwards = statement.place.image(at_instant(xy, 0.0), normals)
                at = at[:, :2]
            rows = slice(block * count, (block + 1) * count)
            for region in range(self.problem.regions.count):
                value, rate, by_x, by_y = (
                    by_name.get(name, zero)[rows, :, 2 * region : 2 * region + 2] for name in ("", "t", "x", "y")
                )  # each (n, E, 2)
                if not any(map(np.any, (value, rate, by_x, by_y))):
                    continue
                dofs = self._nearest(at, region) if block else self.elements.on(curve, region)[here].reshape(-1, 2)
                is_outward = self._region(at, -outwards) == region
                tractions = self._tractions(region, at, outwards, by_x, by_y)
                found.append(Term(dofs, value, rate, np.where(is_outward, 1.0, -1.0)[:, None, None] * tractions))
        return found

    def _nearest(self, xy: Tensor, region: int) -> Array:
        """The degrees of freedom of the nodes of a region nearest to places, (n, 2)."""
        from scipy.spatial import cKDTree

        own = np.flatnonzero(self.elements.regions_of_nodes == region)
        _, index = cKDTree(self.elements.si(self.elements.places[own])).query(xy.numpy())
        return self.elements.nodes[own[index]]

    def _tractions(self, region: int, xy: Tensor, normals: Tensor, by_x: Array, by_y: Array) -> Array:
        """The coefficients (n, E, 2) by which the components of the traction on a normal count in equations, from those
        of the gradient. Raises ValueError where that is no combination of them."""
        given = np.concatenate([by_x, by_y], axis=2)  # (n, E, 4)
        zero, units = torch.zeros(len(xy), 2, dtype=torch.float64), []
        for name in ("x", "y"):
            for component in torch.eye(2, dtype=torch.float64):
                u = {"x": zero, "y": zero} | {name: component.expand(len(xy), 2)}
                units.append(traction(u, self.moduli(region, xy), Normal.of(normals)).numpy())
        of_traction = np.stack(units, axis=2)  # (n, 2, 4)
        found = given @ np.linalg.pinv(of_traction)
        if np.abs(found @ of_traction - given).max() > OFF * np.abs(given).max():
            raise ValueError("a condition has derivatives that are no traction")
        return found
