"""The same recording in every format: 6 receivers on a grid in mm, 20 times in us, velocity along x and y in mm/s."""

import struct
import warnings
from pathlib import Path

import h5py
import numpy as np

XY = np.array([[x, y] for x in (0.0, 10.0, 20.0) for y in (0.0, 5.0)])  # mm
TIME = 0.5 * np.arange(20) + 1.0  # us
VALUES = np.round(np.random.default_rng(3).standard_normal((6, 20, 2)), 6)  # mm/s, (R, T, C)
UNITS = {"value_unit": "mm/s", "length_unit": "mm", "time_unit": "us"}
SAID = {"kind": "velocity", **UNITS}
ALONG = {"directions": ["x", "y"]}


def long_csv(path: Path, delimiter=",", decimal=".", header="x,y,time,velocity_x,velocity_y", end="\n") -> Path:
    rows = [[*XY[r], TIME[t], *VALUES[r, t]] for t in range(len(TIME)) for r in range(len(XY))]
    lines = [delimiter.join(repr(float(v)).replace(".", decimal) for v in row) for row in rows]
    path.write_bytes((end.join([header.replace(",", delimiter), *lines]) + end).encode())
    return path


def wide_csv(path: Path) -> Path:
    names = ["time [us]"] + [f"r{r}_{c}" for r in range(6) for c in "xy"]
    rows = [[TIME[t], *VALUES[:, t].reshape(-1)] for t in range(20)]
    path.write_text("\n".join([",".join(names), *(",".join(map(repr, map(float, row))) for row in rows)]))
    return path


def positions_csv(path: Path, names=False) -> Path:
    rows = [
        f"{x},{y}" + (f",r{r}_{c},{c}" if names else "")
        for r, (x, y) in enumerate(XY)
        for c in ("xy" if names else "x")
    ]
    path.write_text("\n".join(["x [mm],y [mm]" + (",receiver,direction" if names else ""), *rows]))
    return path


def npy(path: Path) -> Path:
    np.save(path, VALUES)
    return path


def npz(path: Path) -> Path:
    np.savez(path, velocity=VALUES, time=TIME, xy=XY)
    return path


def mat5(path: Path) -> Path:
    from scipy.io import savemat

    savemat(path, {"vx": VALUES[:, :, 0], "vy": VALUES[:, :, 1], "t": TIME, "xy": XY}, do_compression=True)
    return path


def mat73(path: Path) -> Path:
    """As MATLAB writes it: 512 bytes of its own, then HDF5 whose axes are turned around."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in {"velocity": VALUES, "t": TIME[None], "xy": XY}.items():
            file.create_dataset(name, data=value.T)
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return path


def hdf5(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        for name, (value, unit) in {"velocity": (VALUES, "mm/s"), "time": (TIME, "us"), "scan/xy": (XY, "mm")}.items():
            file[name] = value
            file[name].attrs["units"] = unit
    return path


def netcdf(path: Path) -> Path:
    import xarray

    grid = VALUES.reshape(3, 2, 20, 2)  # x, y, time, component
    xarray.Dataset(
        {name: (("y", "x", "time"), grid[..., i].transpose(1, 0, 2), {"units": "mm/s"})
         for i, name in enumerate(("velocity_x", "velocity_y"))},
        {"x": ("x", [0.0, 10.0, 20.0], {"units": "mm"}), "y": ("y", [0.0, 5.0], {"units": "mm"}),
         "time": ("time", TIME, {"units": "us"})},
    ).to_netcdf(path, engine="h5netcdf")  # fmt: skip
    return path


def uff(path: Path, binary=1, kind=11, unit="mm/s", def_cs=0, disp_cs=0, systems=()) -> Path:
    import pyuff

    file = pyuff.UFF(str(path))
    sets = [
        pyuff.prepare_164(units_code=5, units_description="mm", temp_mode=1, length=1000.0, force=1.0, temp=1.0,
                          temp_offset=0.0),
        pyuff.prepare_15(node_nums=list(range(1, 7)), def_cs=[def_cs] * 6, disp_cs=[disp_cs] * 6, color=[0] * 6,
                         x=XY[:, 0].tolist(), y=XY[:, 1].tolist(), z=[0.0] * 6),
        *systems,
        *(
            pyuff.prepare_58(binary=binary, func_type=1, rsp_node=r + 1, rsp_dir=c + 1, ref_node=0, ref_dir=0,
                             data=VALUES[r, :, c], x=1e-6 * TIME, abscissa_spacing=1, abscissa_spec_data_type=17,
                             ordinate_spec_data_type=kind, ordinate_axis_units_lab=unit, abscissa_axis_units_lab="s",
                             orddenom_spec_data_type=0, ver_num=0, load_case_id=0, id1="", id2="", id3="", id4="",
                             id5="", rsp_ent_name="", ref_ent_name="", z_axis_value=0.0)
            for r in range(6) for c in range(2)
        ),
    ]  # fmt: skip
    with warnings.catch_warnings(action="ignore"):  # pyuff closes no file that it writes
        file.write_sets(sets, mode="overwrite")
    return path


def stream(kind: str):
    """The recording as an ObsPy stream of 12 traces, in m and ms in place of mm and us, as of a line of geophones."""
    import obspy
    from obspy.core import AttribDict

    traces = obspy.Stream()
    for r in range(6):
        for c in range(2):
            trace = obspy.Trace(VALUES[r, :, c].astype(np.float32))
            trace.stats.delta = 500e-6
            trace.stats.update({"network": "XX", "station": f"R{r}", "channel": ("HHE", "HHN")[c]})
            header = {
                "group_coordinate_x": int(XY[r, 0]),
                "group_coordinate_y": int(XY[r, 1]),
                "scalar_to_be_applied_to_all_coordinates": 1,
                "delay_recording_time": 1,
                "trace_identification_code": (14, 13)[c],
                "trace_value_measurement_unit": 6,
            }
            trace.stats[kind] = AttribDict({"trace_header": AttribDict(header)})
            traces.append(trace)
    traces.stats = AttribDict(
        {"binary_file_header": AttribDict({"measurement_system": 1}), "textual_file_header": b" " * 3200}
    )
    return traces


def segy(path: Path) -> Path:
    stream("segy").write(str(path), format="SEGY", data_encoding=5)
    return path


def su(path: Path) -> Path:
    stream("su").write(str(path), format="SU")
    return path


def miniseed(path: Path) -> Path:
    stream("segy").write(str(path), format="MSEED")
    return path


def seg2(path: Path, source=lambda r: 0.0, **headers: str) -> Path:
    """A minimal file of revision 1, by Pullan, Geophysics 55, 1990: ObsPy only reads the format.

    source: where that of a receiver's shot was along x, m. headers: further ones of each trace.
    """
    blocks = []
    for r in range(6):
        for c in range(2):
            texts = {"RECEIVER_LOCATION": f"{XY[r, 0]} {XY[r, 1]} 0", "SAMPLE_INTERVAL": "0.0005",
                     "DELAY": "0.001", "DESCALING_FACTOR": "0.5",
                     "SOURCE_LOCATION": f"{source(r)} 0 0", **headers}  # fmt: skip
            words = [f"{name} {text}".encode() + b"\0" for name, text in texts.items()]
            free = b"".join(struct.pack("<H", len(word) + 2) + word for word in words) + b"\0\0"
            free += b"\0" * (-len(free) % 4)
            head = struct.pack("<HHIIB19x", 0x4422, 32 + len(free), 4 * 20, 20, 4)
            blocks.append(head + free + (2.0 * VALUES[r, :, c]).astype("<f4").tobytes())
    word = b"UNITS METERS\0"
    free = struct.pack("<H", len(word) + 2) + word + b"\0\0"
    free += b"\0" * (-len(free) % 4)
    start = 32 + 4 * len(blocks) + len(free)
    pointers = np.cumsum([start, *map(len, blocks[:-1])])
    head = struct.pack("<HHHHBBBBBB18x", 0x3A55, 1, 4 * len(blocks), len(blocks), 1, 0, 0, 1, 10, 0)
    path.write_bytes(head + struct.pack(f"<{len(blocks)}I", *pointers) + free + b"".join(blocks))
    return path
