"""The records that receivers are given as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.data.quantities import only_vector
from elastic_pinn.physics.data.recorded_quantity import VECTOR
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import real_array


def records_given(
    records: Records | Sequence[Records], vectors: Mapping[str, Any], plain: Mapping[str, Any]
) -> tuple[Records, ...]:
    """The records that were given, or those of one vector."""
    found = (records,) if isinstance(records, Records) else tuple(records)
    if not found:
        quantity = only_vector(list(vectors))
        for name in ("xy", "time"):
            if name not in plain:
                raise ProblemError(f"{name} is missing")
        return (Records(quantity.name, vectors[quantity.name], directions=VECTOR, **plain),)
    if wrong := [each for each in found if not isinstance(each, Records)]:
        raise ProblemError(f"records has {in_one_line(wrong[0])}, where ep.Records are needed")
    if not (vectors or plain):
        return found
    if len(found) > 1:
        raise ProblemError(f"{', '.join((*plain, *vectors))} beside several records: state it in each of these")
    changes: dict[str, Any] = (
        {"quantity": only_vector(list(vectors)).name, "values": next(iter(vectors.values()))} if vectors else {}
    )
    if not np.array_equal(found[0].xy, real_array("xy", plain.get("xy", found[0].xy))):
        changes["names"] = None  # those of other receivers
    return (replace(found[0], **changes, **plain),)
