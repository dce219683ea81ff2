"""Functions that return a matplotlib Figure, drawn from a run's files: no pyplot, no global state.

Each takes a Run, a Checkpoint, or the path of either, and those of recordings Receivers; a cell shows the figure if it
is its last expression.
"""

from elastic_pinn.workbench.figures.b_scan import b_scan, fit_b_scan
from elastic_pinn.workbench.figures.comparison import compare
from elastic_pinn.workbench.figures.confidence import material_confidence
from elastic_pinn.workbench.figures.energy import energy
from elastic_pinn.workbench.figures.estimated_error import error
from elastic_pinn.workbench.figures.frequency_wavenumber import fit_frequency_wavenumber, frequency_wavenumber
from elastic_pinn.workbench.figures.inversion import data_fit, material_traces
from elastic_pinn.workbench.figures.loss_plots import loss_curves
from elastic_pinn.workbench.figures.misfits import misfit_map, residuals
from elastic_pinn.workbench.figures.movie import movie
from elastic_pinn.workbench.figures.movie_file import Movie
from elastic_pinn.workbench.figures.picture import Picture, save
from elastic_pinn.workbench.figures.problem_plot import problem
from elastic_pinn.workbench.figures.recordings import receivers, spectra
from elastic_pinn.workbench.figures.reference import grid_convergence, reference_errors, reference_traces
from elastic_pinn.workbench.figures.reference_field import reference_field
from elastic_pinn.workbench.figures.sources import FigureError
from elastic_pinn.workbench.figures.sweep_plot import sweep_results
from elastic_pinn.workbench.figures.wavefields import error_map, snapshots
from elastic_pinn.workbench.figures.wavelengths import wavelengths
from elastic_pinn.workbench.figures.wavelet import wavelet
from elastic_pinn.workbench.figures.wiggles import wiggles

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
