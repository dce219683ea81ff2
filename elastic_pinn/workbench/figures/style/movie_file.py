"""A movie: its frames, and the files that it is written to."""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from elastic_pinn.paths import expanded
from elastic_pinn.storage import replace_file
from elastic_pinn.workbench.figures.drawn_from import FigureError

FRAMES_A_SECOND = 10
QUALITY, EFFORT = 75, 2  # of WebP: of 100, and of 6


class Movie:
    """A movie that a cell plays, over and over, without a kernel, also in an executed notebook.

    In a cell it is an animated WebP, which takes a tenth of a GIF's bytes.

    Parameters
    ----------
    frames
        Its pictures, each a PNG file's bytes, all of one size.
    """

    def __init__(self, frames: Sequence[bytes]) -> None:
        self._frames = frames

    def webp(self) -> bytes:
        """Return the movie as a WebP file's bytes.

        Returns
        -------
        bytes
            The file's content.
        """
        return _webp(self._frames)

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the movie to a file, completely or not at all.

        Parameters
        ----------
        path
            The file. Its ending is the format: `.gif`; `.html`, a page with a slider that any browser plays; `.mp4`,
            for which ffmpeg has to be installed; or `.webp`.
        overwrite
            Whether to write in the place of a file that exists.

        Raises
        ------
        FigureError
            For another ending.
        FileExistsError
            For a file that exists, unless `overwrite` is set.
        OSError
            For an MP4 without ffmpeg, and for a file that cannot be written.
        """
        path = Path(expanded(str(path)))
        require_writable(path)
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path} exists, and is kept: give another path, or overwrite=True")
        replace_file(path, WRITERS[path.suffix](self._frames))

    def _repr_html_(self) -> str:
        """Return an image that holds the movie."""
        return f'<img alt="movie" src="data:image/webp;base64,{_base64(self.webp())}">'


def require_writable(path: Path) -> None:
    """Raise FigureError unless a path's ending is that of a movie, and OSError if it needs ffmpeg and there is none."""
    if path.suffix not in WRITERS:
        raise FigureError(f"{path}: the name of a movie's file must end in {', '.join(WRITERS)}")
    if path.suffix == ".mp4" and not has_ffmpeg():
        raise OSError(
            f"{path}: an MP4 needs ffmpeg, and there is none on the PATH: install it (apt install ffmpeg, conda "
            f"install ffmpeg, brew install ffmpeg), or write {path.stem}.gif or {path.stem}.html"
        )


def has_ffmpeg() -> bool:
    """Return whether there is an ffmpeg on the PATH, which writes MP4."""
    return shutil.which("ffmpeg") is not None


def _animated(frames: Sequence[bytes], **options: Any) -> bytes:
    """Return an animated picture, which is repeated without end."""
    first, *others = (Image.open(io.BytesIO(frame)).convert("RGB") for frame in frames)
    buffer = io.BytesIO()
    duration = 1000 // FRAMES_A_SECOND
    first.save(buffer, save_all=True, append_images=others, duration=duration, loop=0, **options)
    return buffer.getvalue()


def _gif(frames: Sequence[bytes]) -> bytes:
    return _animated(frames, format="GIF")


def _mp4(frames: Sequence[bytes]) -> bytes:
    """Return H.264 in pixels that every player knows, whose sides must be even."""
    read = ["-f", "image2pipe", "-framerate", f"{FRAMES_A_SECOND}", "-c:v", "png", "-i", "-"]
    even = "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white"
    encode = ["-vf", even, "-c:v", "h264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    with TemporaryDirectory() as folder:  # its index is written last, at the start, which a pipe does not allow
        path = Path(folder) / "movie.mp4"
        command = ["ffmpeg", "-loglevel", "error", *read, *encode, str(path)]
        done = subprocess.run(command, input=b"".join(frames), capture_output=True)
        if done.returncode:
            told = done.stderr.decode(errors="replace").strip()
            raise OSError(f"ffmpeg failed with exit status {done.returncode}: {told}")
        return path.read_bytes()


def _webp(frames: Sequence[bytes]) -> bytes:
    return _animated(frames, format="WEBP", quality=QUALITY, method=EFFORT)


def _html(frames: Sequence[bytes]) -> bytes:
    """Return a page that needs no other file and no network."""
    pictures = []
    for frame in frames:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(frame)).convert("RGB").save(buffer, format="WEBP", quality=QUALITY, method=EFFORT)
        pictures.append(f'"data:image/webp;base64,{_base64(buffer.getvalue())}"')
    page = PAGE.substitute(
        frames=",\n".join(pictures), first=pictures[0], last=len(frames) - 1, pause=1000 // FRAMES_A_SECOND
    )
    return page.encode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


WRITERS: Mapping[str, Callable[[Sequence[bytes]], bytes]] = {
    ".gif": _gif,
    ".html": _html,
    ".mp4": _mp4,
    ".webp": _webp,
}
"""Ending of the file -> the function that returns its content."""

PAGE = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>movie</title>
<style>
body { font-family: sans-serif; margin: 1em; max-width: 900px; }
img { display: block; max-width: 100%; }
form { display: flex; gap: 1em; }
input { flex: 1; }
</style>
</head>
<body>
<img id="frame" alt="movie" src=$first>
<form>
<button id="play" type="button">Play</button>
<input id="instant" type="range" min="0" max="$last" value="0" aria-label="frame">
</form>
<script>
const frames = [
$frames
];
const [picture, play, instant] = ["frame", "play", "instant"].map(id => document.getElementById(id));
let timer = null;
const show = () => { picture.src = frames[instant.value]; };
const next = () => { instant.value = (Number(instant.value) + 1) % frames.length; show(); };
instant.addEventListener("input", show);
play.addEventListener("click", () => {
  if (timer) { clearInterval(timer); timer = null; } else { timer = setInterval(next, $pause); }
  play.textContent = timer ? "Pause" : "Play";
});
</script>
</body>
</html>
"""
)
