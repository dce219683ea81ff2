"""Write the shipped recording aluminium_late_receivers.h5 as a scanner would: mm, us, nm, a receiver dead.

python data/make_aluminium_scan.py            # aluminium_scan.csv, which notebooks/07_own_data.ipynb reads
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from elastic_pinn.physics.data import Receivers

SOURCE = Path(__file__).with_name("aluminium_late_receivers.h5")
SCAN = Path(__file__).with_name("aluminium_scan.csv")
DEAD = 17  # the row of the receiver whose channels are zero


def table(receivers: Receivers) -> str:
    """Return the long table: a row for each receiver and time, the displacement to 1 pm, a hundredth of the noise."""
    lines = ["receiver,x,y,time,u_x,u_y"]
    for row, ((x, y), records) in enumerate(zip(1e3 * receivers.xy, 1e9 * receivers.recorded, strict=True)):
        for time, (u_x, u_y) in zip(1e6 * receivers.time, records * (row != DEAD), strict=True):
            lines.append(f"{row},{x:.6g},{y:.6g},{time:.6g},{u_x:.3f},{u_y:.3f}")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=SCAN)
    output = parser.parse_args(arguments).output
    output.write_text(table(Receivers.load(SOURCE)), encoding="utf-8")
    print(f"wrote {output}")


if __name__ == "__main__":
    main()
