"""Pictures of all kinds of pixels become what a person sees, in RGB."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from muster_runner.protocol import ImagePart
from muster_runner.vision.pictures import open_pictures

# A slope from black to white.
SLOPE = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (16, 1))


def opened(picture: Image.Image, kind: str = "PNG", **options: int) -> np.ndarray:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    part = ImagePart(media_type=f"image/{kind.lower()}", data=base64.b64encode(file.getvalue()).decode())
    ((picture,), _) = open_pictures([part])
    assert picture.mode == "RGB"
    return np.asarray(picture)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA"])
def test_a_grey_slope_stays_one(mode: str) -> None:
    assert (opened(Image.fromarray(SLOPE).convert(mode)) == SLOPE[..., None]).all()


def test_a_grey_slope_in_16_bits_is_scaled() -> None:
    assert (opened(Image.fromarray(SLOPE.astype(np.uint16) << 8)) == SLOPE[..., None]).all()
    assert (opened(Image.fromarray(SLOPE.astype(np.uint16) << 8), transparency=4 << 8) == SLOPE[..., None]).all()


def test_a_slope_of_a_printers_colours_stays_one() -> None:
    assert abs(opened(Image.fromarray(SLOPE).convert("CMYK"), "JPEG").astype(int) - SLOPE[..., None]).max() < 4


def test_what_is_transparent_is_white() -> None:
    seen = opened(Image.fromarray(SLOPE), transparency=128)
    assert (seen == np.where(SLOPE == 128, 255, SLOPE)[..., None]).all()
