"""The problem "plate": how a wave travels through a plate, by plain values alone.

Its fields are read without torch: config.py, with the entries of sources.py and inclusions.py. problem.py makes the
problem of them, and puts every fault into the words of these fields.
"""

from elastic_pinn.physics.setups.plate.config import MediumConfig, PlateConfig, PlatePartsConfig, require_whole
from elastic_pinn.physics.setups.plate.problem import plate

__all__ = ["MediumConfig", "PlateConfig", "PlatePartsConfig", "plate", "require_whole"]
