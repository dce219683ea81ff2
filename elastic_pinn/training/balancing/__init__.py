"""How the terms of the loss are weighted against each other, beyond the config's fixed weights.

A way to balance is a file, as `gradient_norm.py`: a function of the `Terms` at the present points and parameters that
returns a factor for each term's weight; its line is in `BALANCERS`. What it keeps is in `Terms.memory`.
Imports from training's losses, sampling and config, and from networks.
"""

from elastic_pinn.training.balancing.balancing import BALANCERS, Balancing

__all__ = ["BALANCERS", "Balancing"]
