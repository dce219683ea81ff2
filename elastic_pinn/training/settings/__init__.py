"""What a problem implies for the settings of its solution, where a config leaves them unset.

Imports from config, networks, physics, storage and training's superpositions and sampling.
"""

from elastic_pinn.training.settings.choose import chosen
from elastic_pinn.training.settings.of_run import NONE_CHOSEN, Settings

__all__ = ["NONE_CHOSEN", "Settings", "chosen"]
