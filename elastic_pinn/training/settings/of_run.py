"""Which settings of a run were chosen for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from elastic_pinn.config import FIELDS, Config
from elastic_pinn.storage import Snapshot


@dataclass(frozen=True)
class Settings:
    """Which fields of a config were chosen, and at which levels of refinement, one after another; of a search, the
    squared misfits per degree of freedom that ended all but the last of these, in units of the noise."""

    names: tuple[str, ...] = ()
    levels: tuple[float, ...] = (0.0,)
    misfits: tuple[float, ...] = ()

    def tree(self) -> dict[str, Any]:
        """Return the tree "settings" of a checkpoint; nothing where nothing was chosen."""
        if not self.names:
            return {}
        misfits = {"misfits": " ".join(map(str, self.misfits))} if self.misfits else {}
        return {"settings": {"chosen": " ".join(self.names), "levels": " ".join(map(str, self.levels)), **misfits}}

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return those of a checkpoint; none where it was trained without a tolerance."""
        tree = snapshot.state.get("settings")
        if not tree:
            return cls()
        levels, misfits = (tuple(map(float, str(tree.get(name, "")).split())) for name in ("levels", "misfits"))
        return cls(tuple(str(tree["chosen"]).split()), levels, misfits)

    def requested(self, config: Config) -> Config:
        """Return a resolved config as it was requested."""
        return config.model_copy(update={name: FIELDS[name].default for name in self.names})


NONE_CHOSEN = Settings()
