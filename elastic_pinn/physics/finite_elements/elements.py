"""Quadratic triangles on a mesh: their degrees of freedom, and the matrices of the equation of motion.

Letters: P nodes, D degrees of freedom, two a node, Q points of quadrature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from elastic_pinn.physics.finite_elements.mesh import Curve, Mesh

Array = np.ndarray[Any, Any]
ORDER = 4  # of the polynomials that are integrated exactly
WITHIN = 1e-6  # of the way to the middle of a triangle


class Elements:
    """Displacements that are quadratic on each triangle, and continuous within each region.

    The sides of triangles on curves are parabolas through these. Regions have degrees of freedom of their own where
    they meet.

    mesh: in m. origin (m, m), length (m): lengths are in units of this, from there.
    """

    def __init__(self, mesh: Mesh, origin: Sequence[float], length: float) -> None:
        from skfem import Basis, ElementTriP2, ElementVector, MeshTri, MeshTri2  # slow to import, and rarely needed

        self.mesh, self._origin, self._length = mesh, np.array(origin), length
        self._number = np.full((int(mesh.regions.max()) + 1, len(mesh.points)), -1)  # of a point in each region
        used = [np.unique(mesh.triangles[mesh.regions == region]) for region in range(len(self._number))]
        for region, points in enumerate(used):
            self._number[region, points] = sum(map(len, used[:region])) + np.arange(len(points))
        places = (mesh.points[np.concatenate(used)] - self._origin) / length
        straight = MeshTri(places.T.copy(), self._number[mesh.regions[:, None], mesh.triangles].T.copy())
        self._facet = {pair: i for i, pair in enumerate(map(tuple, np.sort(straight.facets, axis=0).T.tolist()))}
        grid = MeshTri2.from_mesh(straight)
        grid = replace(grid, doflocs=self._on_curves(grid.doflocs.copy(), grid.dofs.facet_dofs[0]))
        self.basis = Basis(grid, ElementVector(ElementTriP2()), intorder=ORDER)

    def _on_curves(self, places: Array, of_facets: Array) -> Array:
        """Places of the nodes, (2, P), of which those halfway between two on a curve are moved onto it."""
        for curve in self.mesh.curves:
            middles = (curve.at(curve.middles)[0].numpy() - self._origin) / self._length  # (n, 2)
            for region in range(len(self._number)):
                facets = self._facets(curve, region)
                places[:, of_facets[facets[facets >= 0]]] = middles[facets >= 0].T
        return places

    def _facets(self, curve: Curve, region: int) -> Array:
        """The numbers of the sides of a region's triangles that the pieces of a curve are, (n,); -1 of none."""
        ends = self._number[region, curve.points]
        pairs = np.sort(np.stack([ends[:-1], ends[1:]], axis=1), axis=1).tolist()
        return np.array([self._facet.get(pair, -1) for pair in map(tuple, pairs)])

    @property
    def count(self) -> int:
        """D."""
        return int(self.basis.N)

    @cached_property
    def nodes(self) -> Array:
        """The degrees of freedom along x and along y of each node, (P, 2)."""
        return np.concatenate([self.basis.nodal_dofs.T, self.basis.facet_dofs.T])

    @cached_property
    def places(self) -> Array:
        """Of the nodes, (P, 2)."""
        return self.basis.doflocs[:, self.nodes[:, 0]].T

    @cached_property
    def places_within(self) -> Array:
        """Of the nodes, a little within a triangle of their region, (P, 2): where regions meet, a field may jump."""
        grid, found = self.basis.mesh, np.empty((2, self.count))
        middles = grid.p[:, grid.t[:3]].mean(1)  # (2, T)
        found[:, self.basis.element_dofs] = middles[:, None]
        return self.places + WITHIN * (found[:, self.nodes[:, 0]].T - self.places)

    @cached_property
    def triangles(self) -> Array:
        """The four triangles of neighbouring nodes that each triangle is divided into, for drawing, (4 T, 3)."""
        grid = self.basis.mesh
        a, b, c = grid.t[:3]
        ab, bc, ac = grid.t2f + grid.nvertices  # the nodes after the corners: halfway along each side
        return np.concatenate(
            [np.stack(each, axis=1) for each in ((a, ab, ac), (ab, b, bc), (ac, bc, c), (ab, bc, ac))]
        )

    @cached_property
    def regions_of_nodes(self) -> Array:
        """(P,)."""
        found = np.empty(self.count, dtype=np.int64)
        found[self.basis.element_dofs] = self.mesh.regions
        return found[self.nodes[:, 0]]

    def si(self, places: Array) -> Array:
        """Convert places (..., 2) to m."""
        return places * self._length + self._origin

    def on(self, curve: Curve, region: int) -> Array:
        """The degrees of freedom of the pieces of a curve in a region: first, middle, last node of each, (n, 3, 2); -1
        where the region has none there."""
        ends, facets = self._number[region, curve.points], self._facets(curve, region)
        corners, middles = self.basis.nodal_dofs.T, self.basis.facet_dofs.T
        found = np.stack([corners[ends[:-1]], middles[facets], corners[ends[1:]]], axis=1)
        found[facets < 0] = -1
        return found

    def values_at(self, places: Array, regions: Array, slopes: Sequence[str] = ("",)) -> Any:
        """The matrix (N S 2, D) from a displacement (D,) to its x and y at places (N, 2), m, each in a region, (N,).

        slopes: of "", the displacement itself, "x" and "y", its derivatives by these, those that are wanted, (S,).
        """
        from scipy.sparse import coo_array

        at = (places - self._origin) / self._length  # (N, 2)
        inside = self._triangles_at(at, regions)
        local = self.basis.mapping.invF(at.T[:, :, None], tind=inside)
        rows, columns, values = [], [], []
        for k in range(self.basis.Nbfun):
            shape = self.basis.elem.gbasis(self.basis.mapping, local, k, tind=inside)[0]
            by_axis = {name: np.asarray(shape.grad)[:, i, :, 0] for i, name in enumerate("xy")}  # each (2, N)
            of_slope = {"": np.asarray(shape)[:, :, 0], **by_axis}
            for number, slope in enumerate(slopes):
                for component, own in enumerate(of_slope[slope]):
                    rows.append(2 * (len(slopes) * np.arange(len(at)) + number) + component)
                    columns.append(self.basis.element_dofs[k, inside])
                    values.append(own)
        entries = np.concatenate(rows), np.concatenate(columns)
        return coo_array((np.concatenate(values), entries), (2 * len(slopes) * len(at), self.count)).tocsr()

    def _triangles_at(self, at: Array, regions: Array) -> Array:
        """The triangle of its region that each place (N, 2) is in, or the nearest to it beside a curve, (N,)."""
        grid = self.basis.mesh
        a, b, c = (grid.p[:, corner] for corner in grid.t[:3])  # each (2, T)
        (p, q), found = (b - a, c - a), np.empty(len(at), dtype=np.int64)
        twice_area = p[0] * q[1] - p[1] * q[0]
        for i, (place, region) in enumerate(zip(at, regions, strict=True)):
            r = place[:, None] - a
            of_b, of_c = (r[0] * q[1] - r[1] * q[0]) / twice_area, (p[0] * r[1] - p[1] * r[0]) / twice_area
            least = np.minimum(np.minimum(of_b, of_c), 1.0 - of_b - of_c)  # negative outside
            found[i] = np.argmax(np.where(self.mesh.regions == region, least, -np.inf))
        return found

    @cached_property
    def quadrature(self) -> tuple[Array, Array]:
        """Places (2, T, Q), and the weights of the integral over each triangle, (T, Q)."""
        return np.asarray(self.basis.global_coordinates()), self.basis.dx

    def mass(self, density: Array | float = 1.0) -> Any:
        """The matrix of the integral of density u . v, (D, D). density: at points of quadrature, (T, Q)."""
        from skfem import BilinearForm
        from skfem.helpers import dot

        return BilinearForm(lambda u, v, w: w.density * dot(u, v)).assemble(self.basis, density=density)

    def stiffness(self, lame_lambda: Array | float, lame_mu: Array | float) -> Any:
        """The matrix of the integral of sigma(u) : eps(v), (D, D), of lambda and mu at points of quadrature."""
        from skfem import BilinearForm
        from skfem.helpers import ddot, div, sym_grad

        def form(u: Any, v: Any, w: Any) -> Any:
            return w.lame_lambda * div(u) * div(v) + 2.0 * w.lame_mu * ddot(sym_grad(u), sym_grad(v))

        return BilinearForm(form).assemble(self.basis, lame_lambda=lame_lambda, lame_mu=lame_mu)

    @cached_property
    def centres(self) -> tuple[Array, Array]:
        """Of the triangles: places (2, T), and areas (T,)."""
        return np.asarray(self._middle.global_coordinates())[:, :, 0], self._middle.dx[:, 0]

    def gradients(self, u: Array) -> Array:
        """The derivative of each component of a displacement (D,) by each axis at the centres, (2, 2, T)."""
        return self._middle.interpolate(u).grad[:, :, :, 0]

    @cached_property
    def _middle(self) -> Any:
        """The basis with one point of quadrature a triangle."""
        from skfem import Basis

        return Basis(self.basis.mesh, self.basis.elem, intorder=1)
