"""A movie is written to files that other programs play."""

import base64
import io
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

import elastic_pinn as ep
from elastic_pinn.workbench.figures.style import movie_file

SHADES = (0, 80, 160, 240)
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="an MP4 needs ffmpeg (apt install ffmpeg)")


@pytest.fixture
def grey() -> ep.figures.Movie:
    """Four frames of one shade each, with sides that are odd."""
    frames = []
    for shade in SHADES:
        buffer = io.BytesIO()
        Image.new("RGBA", (45, 33), (shade, shade, shade, 255)).save(buffer, format="PNG")
        frames.append(buffer.getvalue())
    return ep.figures.Movie(frames)


def shades_of(film: Image.Image) -> list[int]:
    shades = []
    for i in range(getattr(film, "n_frames", 1)):
        film.seek(i)
        shades.append(round(np.asarray(film.convert("L"), dtype=float).mean()))
    return shades


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_an_animated_picture_has_each_frame_for_a_tenth_of_a_second_and_is_repeated(grey, tmp_path, ending):
    grey.save(tmp_path / f"a.{ending}")
    with Image.open(tmp_path / f"a.{ending}") as film:
        assert shades_of(film) == pytest.approx(SHADES, abs=2)
        assert film.info["loop"] == 0
        assert ending == "webp" or film.info["duration"] == 100  # Pillow tells no duration of a WebP


@needs_ffmpeg
def test_an_mp4_has_each_frame_for_a_tenth_of_a_second(grey, tmp_path):
    grey.save(tmp_path / "a.mp4")
    ask = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,r_frame_rate"]
    told = subprocess.check_output([*ask, "-of", "csv=p=0", tmp_path / "a.mp4"], text=True).strip().rstrip(",")
    assert told == "10/1,4"
    pixels = ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    raw = subprocess.check_output(["ffmpeg", "-loglevel", "error", "-i", tmp_path / "a.mp4", *pixels])
    frames = np.frombuffer(raw, np.uint8).reshape(4, 34, 46).astype(float)
    assert frames[:, 8:16, 8:16].mean((1, 2)) == pytest.approx(SHADES, abs=4)
    assert frames[:, -1].mean() > 200, "what makes the sides even is white"


def test_an_html_page_holds_all_frames_and_names_nothing_outside_it(grey, tmp_path):
    grey.save(tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    frames = re.search(r"const frames = \[(.*?)\];", page, re.DOTALL)[1]
    found = [Image.open(io.BytesIO(base64.b64decode(each))) for each in re.findall(r"base64,([^\"]+)", frames)]
    assert [shades_of(each)[0] for each in found] == pytest.approx(SHADES, abs=2)
    assert 'max="3"' in page and "http" not in page


def test_without_ffmpeg_an_mp4_is_refused_with_what_to_do(grey, tmp_path, monkeypatch):
    monkeypatch.setattr(movie_file.shutil, "which", lambda _: None)
    with pytest.raises(OSError, match=r"needs ffmpeg.*apt install ffmpeg.*or write a\.gif or a\.html"):
        grey.save(tmp_path / "a.mp4")


@needs_ffmpeg
def test_what_ffmpeg_reports_when_it_fails_is_told(tmp_path):
    with pytest.raises(OSError, match=r"ffmpeg failed with exit status .*Invalid"):
        ep.figures.Movie([b"no picture"]).save(tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_an_unknown_ending_is_refused_and_a_file_that_exists_is_kept(grey, tmp_path):
    with pytest.raises(ep.figures.FigureError, match=r"a\.avi: .*must end in \.gif, \.html, \.mp4, \.webp"):
        grey.save(tmp_path / "a.avi")
    (tmp_path / "a.gif").write_text("mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        grey.save(tmp_path / "a.gif")
    assert (tmp_path / "a.gif").read_text() == "mine"
    grey.save(tmp_path / "a.gif", overwrite=True)
    assert (tmp_path / "a.gif").read_bytes().startswith(b"GIF89a")
