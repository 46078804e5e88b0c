"""Pictures of all kinds of pixels become what a person sees, in RGB."""

import base64
import gc
import io
import weakref
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from vision_alone import encoded, picture

from muster_runner.protocol import ImagePart
from muster_runner.tokenization.prompts import TooLong
from muster_runner.vision import pictures
from muster_runner.vision.kind import PROCESSORS
from muster_runner.vision.pictures import MAX_PICTURES, open_picture

# A slope from black to white.
SLOPE = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (16, 1))


def opened(given: Image.Image, kind: str = "PNG", **options: Any) -> np.ndarray:
    file = io.BytesIO()
    given.save(file, kind, **options)
    part = ImagePart(media_type=f"image/{kind.lower()}", data=base64.b64encode(file.getvalue()).decode())
    image, _ = open_picture("the picture", part)
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA"])
def test_a_grey_slope_stays_one(mode: str) -> None:
    assert (opened(Image.fromarray(SLOPE).convert(mode)) == SLOPE[..., None]).all()


def test_a_grey_slope_in_16_bits_is_scaled() -> None:
    assert (opened(Image.fromarray(SLOPE.astype(np.uint16) << 8)) == SLOPE[..., None]).all()
    assert (opened(Image.fromarray(SLOPE.astype(np.uint16) << 8), transparency=4 << 8) == SLOPE[..., None]).all()


def test_a_slope_of_a_printers_colours_stays_one() -> None:
    assert abs(opened(Image.fromarray(SLOPE).convert("CMYK"), "JPEG").astype(int) - SLOPE[..., None]).max() < 4


@pytest.mark.parametrize("turned", [1, 6])
def test_a_photo_with_a_second_picture_in_its_file_is_seen_as_its_first(turned: int) -> None:
    """As of phones and cameras: how bright each place is, or a preview."""
    photo, second, file = Image.fromarray(SLOPE).convert("RGB"), Image.new("RGB", (8, 8), "red"), io.BytesIO()
    orientation = Image.Exif()
    orientation[ExifTags.Base.Orientation] = turned
    photo.save(file, "MPO", save_all=True, append_images=[second], exif=orientation, quality=95)
    part = ImagePart(media_type="image/jpeg", data=base64.b64encode(file.getvalue()).decode())
    image, _ = open_picture("the picture", part)
    upright = SLOPE if turned == 1 else np.rot90(SLOPE, -1)
    assert abs(np.asarray(image).astype(int) - upright[..., None]).max() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_says(orientation: int) -> None:
    stored, exif = Image.fromarray(SLOPE), Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    turns = {2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: np.transpose}
    turns |= {6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).T, 8: np.rot90}
    seen = turns.get(orientation, np.asarray)(SLOPE)
    assert (opened(stored, exif=exif.tobytes()) == seen[..., None]).all()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"junkjunk", b"MM", b"MM\0*\0\0\0\x08\0"])
def test_what_a_picture_says_of_itself_may_be_damaged(exif: bytes, kind: str) -> None:
    seen = opened(Image.fromarray(SLOPE).convert("RGB"), kind, exif=b"Exif\0\0" + exif, quality=100)
    assert abs(seen.astype(int) - SLOPE[..., None]).max() < 8


def test_what_is_transparent_is_white() -> None:
    seen = opened(Image.fromarray(SLOPE), transparency=128)
    assert (seen == np.where(SLOPE == 128, 255, SLOPE)[..., None]).all()


@pytest.mark.parametrize("kind", sorted(PROCESSORS))
def test_pictures_are_decoded_one_after_the_other_and_none_is_kept(
    kind: str, seeing_tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a request at once would take gigabytes: each may have 64 megapixels."""
    made: list[weakref.ref[Image.Image]] = []
    kept: list[int] = []
    original = pictures._decoded

    def decoded(*arguments: Any) -> Image.Image:
        gc.collect()
        kept.append(sum(each() is not None for each in made))
        image = original(*arguments)
        made.append(weakref.ref(image))
        return image

    monkeypatch.setattr(pictures, "_decoded", decoded)
    parts = [ImagePart(media_type="image/png", data=picture((9 * at, 0, 0))) for at in range(MAX_PICTURES)]
    assert len(encoded(seeing_tiny(kind), *parts).hashes) == MAX_PICTURES
    assert kept == [0] * MAX_PICTURES


def test_pictures_that_exceed_the_context_are_refused_before_the_rest_is_decoded(
    seeing_tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is prepared of each may take hundreds of megabytes."""
    directory, part = seeing_tiny("qwen2_vl"), ImagePart(media_type="image/png", data=picture((9, 0, 0)))
    (one,) = encoded(directory, part).pictures
    opened: list[str] = []
    original = pictures._decoded
    monkeypatch.setattr(pictures, "_decoded", lambda *given: opened.append(given[2]) or original(*given))
    with pytest.raises(TooLong, match="leave some out or make them smaller"):
        encoded(directory, *[part] * 9, context=3 * one.places)
    assert opened == [f"picture {number} of 9" for number in (1, 2, 3, 4)]
