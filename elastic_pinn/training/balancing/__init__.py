"""How the terms of the loss, and single points, are weighted against each other, beyond the config's fixed weights.

A way to balance is a file, as `relobralo.py`: a function of the `Terms` at the present points and parameters that
returns a factor for each term's weight; its line is in `BALANCERS`. What it keeps is in `Terms.memory`. A way to weigh
points, as `attention.py`, is one of the `Points` that returns a weight for each; its line is in `WEIGHERS`.
Imports from training's losses, sampling and config, and from networks.
"""

from elastic_pinn.training.balancing.balancing import BALANCERS, WEIGHERS, Balancing

__all__ = ["BALANCERS", "WEIGHERS", "Balancing"]
