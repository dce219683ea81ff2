"""`python -m elastic_pinn`: the command elastic-pinn."""

from elastic_pinn.workbench.cli import app

app()
