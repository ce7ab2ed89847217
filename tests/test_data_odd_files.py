"""Checks what users' folders hold: every kind of image, broken files, and other files."""

import io
import os
import struct
import warnings
import zipfile
import zlib

import numpy as np
import pytest

from wae_tf import data

Image = pytest.importorskip("PIL.Image")

RGB = np.random.default_rng(0).integers(0, 256, (3, 5, 3), "uint8")
GREY = RGB[..., :1]
OPAQUE = np.array([[True, False, True, True, False]] * 3)  # The rest is fully transparent.
FLAT = np.full((8, 8, 3), 128, "uint8")  # Which JPEG keeps exactly.


def saved(image, kind, **options):
    """Returns the bytes of an image file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def encoded(array, kind="PNG", mode=None, **options):
    array = array[..., 0] if array.shape[-1] == 1 else array
    image = Image.fromarray(array)
    return saved(image if mode is None else image.convert(mode), kind, **options)


def with_alpha(array):
    return np.concatenate([array, np.where(OPAQUE, 255, 0)[..., None].astype("uint8")], -1)


def over_white(array):
    return np.where(OPAQUE[..., None], array, 255).astype("uint8")


def palette(transparent=None, kind="PNG"):
    """An image of the palette black, red, green, blue, and its pixels."""
    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]], "uint8")
    places = np.array([[0, 1, 2], [3, 0, 1]], "uint8")
    image = Image.fromarray(places).convert("P")
    image.putdata(places.ravel().tolist())
    image.putpalette(colours.ravel().tolist())
    options = {} if transparent is None else {"transparency": transparent}
    pixels = colours[places]
    if transparent is not None:
        pixels[places == transparent] = 255
    return saved(image, kind, **options), pixels


def animated(kind, **options):
    """Two frames, of which the first counts."""
    frames = [Image.fromarray(np.full((4, 4, 3), value, "uint8")) for value in (0, 255)]
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert Image.open(io.BytesIO(content)).n_frames == 2
    return content, np.zeros((4, 4, 3), "uint8")


def png_of_16_bits(values):
    """A PNG file of 16-bit RGB, which Pillow cannot write."""

    def chunk(name, content):
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def cmyk():
    """A JPEG file as printers have them: no ink but black, half."""
    return saved(Image.new("CMYK", (8, 8), (0, 0, 0, 127)), "JPEG", quality=100), FLAT


IMAGES = {
    "jpeg": ("a.jpg", encoded(FLAT, "JPEG"), FLAT),
    "jpeg, grey": ("a.jpeg", encoded(FLAT[..., :1], "JPEG"), FLAT[..., :1]),
    "jpeg, progressive": ("a.jpg", encoded(FLAT, "JPEG", progressive=True), FLAT),
    "jpeg, cmyk": ("a.jpg", *cmyk()),
    "png": ("a.png", encoded(RGB), RGB),
    "png, grey": ("a.png", encoded(GREY), GREY),
    "png, grey and alpha": ("a.png", encoded(with_alpha(GREY), mode="LA"), over_white(GREY)),
    "png, alpha": ("a.png", encoded(with_alpha(RGB)), over_white(RGB)),
    "png, palette": ("a.png", *palette()),
    "png, transparent palette": ("a.png", *palette(2)),
    "png, 16 bits": ("a.png", encoded(GREY.astype("uint16") * 257), GREY),
    "png, 16 bits, colour": ("a.png", png_of_16_bits(RGB.astype("uint16") * 257), RGB),
    "png, 1 bit": ("a.png", encoded(GREY, mode="1"), None),
    "png, animated": ("a.png", *animated("PNG")),
    "webp": ("a.webp", encoded(RGB, "WEBP", lossless=True), RGB),
    "webp, animated": ("a.webp", *animated("WEBP", lossless=True)),
    "bmp": ("a.bmp", encoded(RGB, "BMP"), RGB),
    "gif": ("a.gif", *palette(kind="GIF")),
    "gif, transparent": ("a.gif", *palette(1, kind="GIF")),
    "gif, animated": ("a.gif", *animated("GIF")),
    "upper case": ("A.PNG", encoded(RGB), RGB),
    "mixed case": ("A.JpEg", encoded(FLAT, "JPEG"), FLAT),
    "another kind than its name": ("a.jpg", encoded(RGB), RGB),
    "1x1": ("a.png", encoded(RGB[:1, :1]), RGB[:1, :1]),
    "1x5": ("a.png", encoded(RGB[:1]), RGB[:1]),
    "3x1": ("a.png", encoded(RGB[:, :1]), RGB[:, :1]),
}
black_or_white = np.array(Image.fromarray(GREY[..., 0]).convert("1")).astype("uint8")[..., None]
IMAGES["png, 1 bit"] = (*IMAGES["png, 1 bit"][:2], black_or_white * 255)


@pytest.mark.parametrize("kind", IMAGES)
def test_every_kind_of_image_is_read_exactly(kind, tmp_path):
    name, content, expected = IMAGES[kind]
    (tmp_path / name).write_bytes(content)
    np.testing.assert_array_equal(data.load_images(tmp_path), expected[None])
    if expected.shape[-1] == 1:  # Grey is repeated.
        colour = data.load_images(tmp_path, image_shape=(*expected.shape[:2], 3))
        np.testing.assert_array_equal(colour, np.repeat(expected[None], 3, -1))


def test_all_kinds_together_make_one_array(tmp_path):
    for i, (name, content, _) in enumerate(IMAGES.values()):
        (tmp_path / f"{i:02d}{name}").write_bytes(content)
    images = data.load_images(tmp_path, image_shape=(4, 6, 3))
    assert images.shape == (len(IMAGES), 4, 6, 3)
    for i, (_, _, expected) in enumerate(IMAGES.values()):
        if expected.min() == expected.max():
            np.testing.assert_array_equal(images[i], expected.max())


UPRIGHT = {  # From the stored rows and columns to the shown ones, as the EXIF standard has it.
    1: lambda x: x,
    2: np.fliplr,
    3: lambda x: np.rot90(x, 2),
    4: np.flipud,
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x, -1),
    7: lambda x: np.rot90(x, 2).swapaxes(0, 1),
    8: np.rot90,
    99: lambda x: x,  # No such orientation.
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_photos_are_turned_upright(orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "a.png").write_bytes(encoded(RGB, exif=exif))
    np.testing.assert_array_equal(data.load_images(tmp_path)[0], UPRIGHT[orientation](RGB))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow's own.
def test_metadata_that_cannot_be_read_cost_no_image(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(RGB, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\0\0"))
    np.testing.assert_array_equal(data.load_images(tmp_path, max_broken=0)[0], RGB)


# Broken files.

JPEG = encoded(np.kron(RGB, np.ones((16, 16, 1), "uint8")), "JPEG")
BROKEN = {
    "truncated JPEG": JPEG[: len(JPEG) // 2],
    "header of a JPEG": JPEG[:20],
    "truncated PNG": encoded(RGB)[:-30],
    "truncated GIF": palette(kind="GIF")[0][:-12],
    "no byte": b"",
    "text": b"These are not pixels.\n",
    "page of a web server": b"<html><body>404 Not Found</body></html>",
    "noise": np.random.default_rng(0).bytes(1000),
}


def numbered(n, broken=()):
    """Files of n images, each filled with its number, but for the broken ones."""
    grey = [np.full((1, 1, 1), i, "uint8") for i in range(n)]
    return {f"{i:03d}.png": b"" if i in broken else encoded(grey[i]) for i in range(n)}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_left_out_with_a_warning(kind, tree):
    good = [encoded(np.full((2, 2, 1), i, "uint8")) for i in range(3)]
    source = tree(
        {"a/0.png": good[0], "a/1.jpg": BROKEN[kind], "b/0.png": good[1], "b/1.png": good[2]}
    )
    with pytest.warns(UserWarning, match=r"Left out.*tree.*with 1 of 4 broken: a/1\.jpg") as caught:
        images, labels = data.load_images(source, labels=True, max_broken=0.25)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert images.shape == (3, 2, 2, 1)
    assert images[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert labels.tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match=r"whole JPEG.*`max_broken`, now 0\..*1 of 4.*a/1\.jpg"):
        data.load_images(source, max_broken=0)


@pytest.mark.parametrize(
    ("broken", "total", "raises"), [(1, 5, False), (1, 100, False), (2, 200, False), (2, 199, True)]
)
def test_one_in_a_hundred_may_be_broken_and_one_of_fewer(broken, total, raises, tree):
    source = tree(numbered(total, range(2, 2 + broken)))
    if raises:
        with pytest.raises(ValueError, match=r"now 0\.01\. .* 2 of 199 broken: 002.png, 003.png$"):
            data.load_images(source)
    else:
        with pytest.warns(UserWarning, match=f"{broken} of {total} broken: 002.png"):
            images = data.load_images(source)
        left = [i for i in range(total) if not 2 <= i < 2 + broken]
        assert images[:, 0, 0, 0].tolist() == left


def test_at_most_twenty_names_are_shown(tree):
    source = tree(numbered(40, range(5, 30)))
    names = ", ".join(f"{i:03d}.png" for i in range(5, 25))
    with pytest.warns(UserWarning, match=f"25 of 40 broken: {names} and 5 more$"):
        assert len(data.load_images(source, max_broken=1)) == 15
    with pytest.raises(ValueError, match=f"25 of 40 broken: {names} and 5 more$"):
        data.load_images(source)


def test_only_the_images_asked_for_are_counted(tree):
    source = tree(numbered(10, [7]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(data.load_images(source, "train[:7]", max_broken=0)) == 7
    with pytest.raises(ValueError, match="1 of 3 broken"):
        data.load_images(source, "train[7:]", max_broken=0)
    with pytest.warns(UserWarning, match="1 of 3 broken"):
        images = data.load_images(source, "train[7:]", max_broken=0.5)
    assert images[:, 0, 0, 0].tolist() == [8, 9]


def test_batches_of_what_is_left(tree):
    source = tree(numbered(10, [0, 9]))
    with pytest.warns(UserWarning, match="2 of 10 broken"):
        dataset = data.load(source, batch_size=3, training=False, max_broken=0.2)
    assert np.concatenate(list(dataset))[:, 0, 0, 0].tolist() == list(range(1, 9))


def test_one_image_must_be_left(tree):
    with pytest.raises(ValueError, match="and one at least.*2 of 2 broken"):
        data.load_images(tree(numbered(2, [0, 1])), max_broken=1.0)


def test_a_file_that_cannot_be_opened_is_broken(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(RGB))
    os.symlink(tmp_path / "nowhere.png", tmp_path / "b.png")
    with pytest.warns(UserWarning, match=r"1 of 2 broken: b\.png \(.*No such file"):
        assert len(data.load_images(tmp_path, max_broken=0.5)) == 1


def test_a_damaged_entry_of_a_zip_file_is_broken(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), "uint8")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.bmp", encoded(RGB, "BMP"))
        archive.writestr("b.bmp", encoded(pixels, "BMP"))
    content = (tmp_path / "a.zip").read_bytes()
    place = content.index(pixels[-1, :, ::-1].tobytes())  # The first row that BMP stores.
    damaged = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    (tmp_path / "a.zip").write_bytes(damaged)
    with pytest.warns(UserWarning, match=r"1 of 2 broken: b\.bmp \(Bad CRC"):
        images = data.load_images(tmp_path / "a.zip", image_shape=(3, 5, 3), max_broken=0.5)
    np.testing.assert_array_equal(images[0], RGB)


@pytest.mark.parametrize(("offset", "value"), [(8, 1), (10, 9)])
def test_a_zip_file_with_a_password_or_of_a_strange_kind_is_an_error(offset, value, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", encoded(RGB))
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[content.index(b"PK\1\2") + offset] = value  # Flags, compression: 9 is Deflate64.
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ValueError, match=r"without a password.*Unpack it.*with 'a\.png'"):
        data.load_images(tmp_path / "a.zip")


@pytest.mark.parametrize("limit", [-0.1, 1.5, True, "1", None, float("nan")])
def test_a_share_must_be_a_share(limit, tree):
    with pytest.raises(ValueError, match=r"`max_broken` must be a number in \[0, 1\].*Received"):
        data.load_images(tree(numbered(1)), max_broken=limit)


def test_a_small_image_is_no_broken_one(tree):
    with pytest.raises(ValueError, match=r"`crop` must fit.*1x1.*crop=\(2, 2\), image='000\.png'"):
        data.load_images(tree(numbered(3)), crop=(2, 2), max_broken=1.0)


# Files of other kinds.


def test_notes_and_hidden_files_are_passed_over(tree):
    beside = [
        *("labels.csv", "README.md", "train/a.JSON", "train/a.xmp", "train/cat/captions.txt"),
        *("Thumbs.db", "desktop.ini", ".DS_Store", "train/.hidden.png", "__MACOSX/train/a.png"),
        *("index.html", "faces.npy", "train/cat/IMG_1.AAE", ".git/config"),
    ]
    source = tree({**dict.fromkeys(beside, b"x"), "train/cat/a.png": encoded(RGB)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images, labels = data.load_images(source, labels=True, max_broken=0)
    np.testing.assert_array_equal(images, RGB[None])
    assert labels.tolist() == [0]


def test_pictures_of_other_kinds_are_an_error_that_counts_them(tree):
    files = ["a.heic", "b.HEIC", "c.mov", "no_suffix", "d.png"]
    message = r"Convert other files.*with 4 of other kinds, \{'\.heic': 2, .*such as 'a\.heic'"
    with pytest.raises(ValueError, match=message):
        data.load_images(tree(dict.fromkeys(files, encoded(RGB))))


def test_notes_alone_are_no_images(tree):
    with pytest.raises(ValueError, match="at least one image"):
        data.load_images(tree({"a.txt": b"x", "b/c.json": b"{}"}))
