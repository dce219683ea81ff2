"""How far a wavefield is off the exact one, where nobody knows that: the error itself, solved for on finite elements.

Imports from networks and physics.
"""

from elastic_pinn.error_estimate.at_receivers import ErrorAtReceivers, why_no_error
from elastic_pinn.error_estimate.estimate import (
    ErrorEstimate,
    ErrorEstimateError,
    estimate_error,
    why_no_estimate,
    why_undetermined,
)
from elastic_pinn.error_estimate.in_found_material import CORRECTED, FINER, ErrorsInFoundMaterial, still
from elastic_pinn.error_estimate.kept import kept_estimate
from elastic_pinn.error_estimate.resolution import size_of, why_unresolved

__all__ = [
    "CORRECTED",
    "FINER",
    "ErrorAtReceivers",
    "ErrorEstimate",
    "ErrorEstimateError",
    "ErrorsInFoundMaterial",
    "estimate_error",
    "kept_estimate",
    "size_of",
    "still",
    "why_no_error",
    "why_no_estimate",
    "why_undetermined",
    "why_unresolved",
]
