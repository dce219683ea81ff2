"""The fields of a config that give a material."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from elastic_pinn.sections import Positive, Section


class MaterialConfig(Section):
    """A homogeneous, isotropic solid that is known."""

    lame_lambda: Annotated[float, Field(allow_inf_nan=False)] = 2.0
    """first Lame parameter of the problem 'standing_waves', Pa"""
    lame_mu: Positive = 1.0
    """shear modulus of the problem 'standing_waves', Pa"""
    density: Positive = 1.0
    """density of the problem 'standing_waves', kg/m3"""
