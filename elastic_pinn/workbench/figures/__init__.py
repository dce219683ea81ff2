"""Functions that return a matplotlib Figure, drawn from a run's files: no pyplot, no global state.

Each takes a Run, a Checkpoint, or the path of either, and those of recordings Receivers; a cell shows the figure if it
is its last expression. Figures are in the room of what they show: problems, records, wavefields, learning, found; style
and maps have what they share.
"""

from elastic_pinn.workbench.figures.drawn_from import FigureError
from elastic_pinn.workbench.figures.found.confidence import material_confidence
from elastic_pinn.workbench.figures.found.material import material_traces
from elastic_pinn.workbench.figures.found.wavelet import wavelet
from elastic_pinn.workbench.figures.learning.comparison import compare
from elastic_pinn.workbench.figures.learning.losses import loss_curves
from elastic_pinn.workbench.figures.learning.sweep import sweep_results
from elastic_pinn.workbench.figures.problems.problem import problem
from elastic_pinn.workbench.figures.problems.wavelengths import wavelengths
from elastic_pinn.workbench.figures.records.b_scan import b_scan, fit_b_scan
from elastic_pinn.workbench.figures.records.data_fit import data_fit
from elastic_pinn.workbench.figures.records.frequency_wavenumber import fit_frequency_wavenumber, frequency_wavenumber
from elastic_pinn.workbench.figures.records.misfits import misfit_map, residuals
from elastic_pinn.workbench.figures.records.overview import receivers, spectra
from elastic_pinn.workbench.figures.records.reference_data import grid_convergence, reference_errors, reference_traces
from elastic_pinn.workbench.figures.records.wiggles import wiggles
from elastic_pinn.workbench.figures.style.movie_file import Movie
from elastic_pinn.workbench.figures.style.picture import Picture, save
from elastic_pinn.workbench.figures.wavefields.energy import energy
from elastic_pinn.workbench.figures.wavefields.estimated_error import error
from elastic_pinn.workbench.figures.wavefields.movie import movie
from elastic_pinn.workbench.figures.wavefields.reference_field import reference_field
from elastic_pinn.workbench.figures.wavefields.snapshots import error_map, snapshots

__all__ = [
    "FigureError",
    "Movie",
    "Picture",
    "b_scan",
    "compare",
    "data_fit",
    "energy",
    "error",
    "error_map",
    "fit_b_scan",
    "fit_frequency_wavenumber",
    "frequency_wavenumber",
    "grid_convergence",
    "loss_curves",
    "material_confidence",
    "material_traces",
    "misfit_map",
    "movie",
    "problem",
    "receivers",
    "reference_errors",
    "reference_field",
    "reference_traces",
    "residuals",
    "save",
    "snapshots",
    "spectra",
    "sweep_results",
    "wavelengths",
    "wavelet",
    "wiggles",
]
