"""Folders and zip files of odd images: what comes of them is what was put in, or a sentence."""

import io
import os
import pathlib
import random
import shutil
import struct
import tempfile
import warnings
import zipfile
import zlib

import numpy as np
from outcomes import clear
from PIL import Image

from wae_tf import data

_KINDS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PNG", "PNG")
_MODES = ("RGB", "L", "P", "RGBA", "1", "I;16", "LA")
_NAMES = ("a", "ä ö", "new\nline", "per%cent", "-rf", "quote'\"", "x" * 120, "日本", "UPPER", "a.b")
_SPLITS = (
    "",
    "",
    "",
    "cats/",
    "dogs/",
    "deep/er/",
    "train/",
    "test/",
    "val/",
    "a b/",
    "../",
    ".h/",
)


class OddImages:
    """One folder or zip file for each number."""

    @staticmethod
    def kind(number):
        return ("folder of odd images", "zip file of odd images")[number % 2]

    def __call__(self, number):
        kind, rng = self.kind(number), random.Random(number)
        directory = pathlib.Path(tempfile.mkdtemp(prefix="trust-"))
        try:
            files, good, odd = _files(rng)
            if number % 2:
                source = directory / "images.zip"
                _write_zip(source, files, rng)
            else:
                source = directory / "images"
                _write_folder(source, files, rng)
            outcome, example = _try(source, good, odd, rng)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return kind, outcome, f"number {number}: {example}"


def _try(source, good, odd, rng):
    split = rng.choice(("train", "all", "all", "kept", "held_out", "test", "train[:50%]", "[:3]"))
    shape = rng.choice(((8, 8, 3), (8, 8, 1), (1, 1, 3), (8, 8, 3)))
    broken = rng.choice((0, 0.01, 0.9, 1.0))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            images = data.load_images(
                source, split, image_shape=shape, max_broken=broken, verbose=0
            )
    except Exception as error:
        return ("refused" if clear(error) else "unclear"), f"{type(error).__name__}: {error}"
    if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
        return "different", f"{images.dtype}{images.shape}"
    values = sorted(round(float(image.mean()) / 8) for image in images)
    # Good images are flat, each of its own grey, a multiple of 8.
    if shape[2] == 3 and not set(values) <= {*good, *odd}:
        return "different", f"greys {values}, of {good} and perhaps {odd}"
    if split == "all" and shape[2] == 3 and not set(good) <= set(values):
        return "different", f"greys {values}, all {good}"
    return "right", ""


def _files(rng):
    """Returns contents by name, and the greys of good images and of odd ones, in units of 8."""
    files, good, odd_ones = {}, [], []
    share = rng.choice((0.0, 0.1, 0.4))
    for i in range(rng.randrange(0, 12)):
        folder = rng.choice(_SPLITS[: rng.choice((3, 6, 9, len(_SPLITS)))])
        name = f"{folder}{rng.choice(_NAMES)}{i}"
        odd = rng.random() < share
        kind = rng.choice(_KINDS)
        suffix = rng.choice((f".{kind.lower()}", f".{kind.lower()}", ".png", ".JPG", ".jpeg"))
        content = _image(10 + i, kind, rng)
        if odd:
            content, suffix = _odd(content, suffix, rng)
            odd_ones.append(10 + i)
        elif folder in ("../", ".h/"):
            odd_ones.append(10 + i)
        else:
            good.append(10 + i)
        files[name + suffix] = content
    return files, good, odd_ones


def _image(grey, kind, rng):
    """Returns the bytes of an image of one grey."""
    size = rng.choice(((8, 8), (1, 1), (64, 3), (300, 200)))
    mode = rng.choice(_MODES) if kind == "PNG" else "RGB"
    mode = rng.choice(("RGB", "CMYK")) if kind == "JPEG" else mode
    value = 8 * grey
    if mode == "I;16":
        image = Image.fromarray(np.full(size[::-1], 257 * value, "uint16"))
    elif mode == "1":  # Black or white alone: another grey.
        image = Image.new("L", size, value)
    else:
        image = Image.new("RGB", size, (value,) * 3).convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return file.getvalue()


def _odd(content, suffix, rng):
    way = rng.randrange(10)
    if way == 0:
        return content[: rng.randrange(len(content))], suffix
    if way == 1:
        return b"", suffix
    if way == 2:
        return rng.randbytes(200), suffix
    if way == 3:
        return content, rng.choice((".txt", ".csv", ".db", ""))
    if way == 4:
        return content, rng.choice((".tiff", ".mp4", ".exe", ".svg"))
    if way == 5:
        return _claims(60_000, 60_000), ".png"
    if way == 6:
        damaged = bytearray(content)
        damaged[rng.randrange(len(damaged))] ^= 255
        return bytes(damaged[: len(damaged) // 2]), suffix
    if way == 7:
        return b"<svg onload='x'/>", ".png"
    if way == 8:
        return b"GIF89a" + rng.randbytes(20), ".gif"
    return b"\xff\xd8\xff\xe0" + rng.randbytes(50), ".jpg"


def _claims(width, height):
    """Returns a PNG that claims to be large, and is not."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind, body):
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + (chunk(b"IEND", b""))
    )


def _write_folder(source, files, rng):
    source.mkdir()
    for name, content in files.items():
        path = source / name.replace("../", "dots/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if rng.random() < 0.5:
        os.mkfifo(source / "pipe.png")
    if rng.random() < 0.3:
        (source / "loop").symlink_to(source)
    if rng.random() < 0.3:
        (source / "zero.png").symlink_to("/dev/zero")
    if rng.random() < 0.2:
        (source / "folder.png").mkdir()


def _write_zip(source, files, rng):
    packed = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with warnings.catch_warnings(), zipfile.ZipFile(source, "w", packed) as to:
        warnings.simplefilter("ignore")
        for name, content in files.items():
            to.writestr(name, content)
        if rng.random() < 0.1:
            to.writestr("bomb.bmp", b"\0" * 2**26)
    way = rng.random()
    if way < 0.25:
        content = bytearray(source.read_bytes())
        if way < 0.1:
            del content[rng.randrange(len(content)) :]
        else:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        source.write_bytes(content)
