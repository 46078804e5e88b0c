"""Decodes the pictures of a request. They are untrusted: oversized, broken and mislabelled files are refused."""

import base64
import binascii
import hashlib
import io
import re
from typing import Any

from muster_runner.protocol import ChatPrompt, ImagePart, ToolResultPart

MAX_PICTURES = 32
MAX_BYTES = 20 << 20
MAX_PIXELS = 64 << 20
MAX_RATIO = 100
MIN_SIDE = 2

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
# How their files begin, see https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
_SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "image/gif": re.compile(rb"GIF8[79]a"),
}


class BadPicture(Exception):
    """A refused picture; the message says which and why, for people."""


def picture_parts(prompt: ChatPrompt) -> list[ImagePart]:
    """Lists the pictures of a conversation, in order."""
    found = []
    for message in prompt.messages:
        for part in message.parts:
            inner = part.content if isinstance(part, ToolResultPart) else [part]
            found += [each for each in inner if isinstance(each, ImagePart)]
    return found


def named(parts: list[ImagePart]) -> list[tuple[str, ImagePart]]:
    """Returns the pictures of a conversation with what a refusal calls each. Raises BadPicture."""
    if len(parts) > MAX_PICTURES:
        raise BadPicture(f"the conversation has {len(parts)} pictures, and {MAX_PICTURES} are taken; leave some out")
    if len(parts) == 1:
        return [("the picture", parts[0])]
    return [(f"picture {number} of {len(parts)}", part) for number, part in enumerate(parts, start=1)]


def open_picture(name: str, part: ImagePart) -> tuple[Any, bytes]:
    """Returns the Pillow image in RGB and the SHA-256 of its file. Raises BadPicture.

    It takes up to 192 MiB: no two pictures are kept at the same time.
    """
    data = _bytes_of(part, name)
    return _decoded(data, part.media_type, name), hashlib.sha256(data).digest()


def _bytes_of(part: ImagePart, name: str) -> bytes:
    try:
        data = base64.b64decode(part.data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadPicture(f"{name} is not valid base64") from error
    if len(data) > MAX_BYTES:
        raise BadPicture(f"{name} has {len(data)} bytes, and {MAX_BYTES} are taken; make it smaller")
    return data


def _decoded(data: bytes, media_type: str, name: str) -> Any:
    from PIL import Image

    kind = FORMATS[media_type]
    # Opening does not decode yet, so our limit is checked first; its error names the picture.
    Image.MAX_IMAGE_PIXELS = None
    try:
        picture = Image.open(io.BytesIO(data), formats=[kind])
        _check_size(picture.size, name)
        # No JPEG is: a second picture in its file, as phones and cameras add one, is not to be seen.
        if kind != "JPEG" and getattr(picture, "is_animated", False):
            raise BadPicture(f"{name} is animated; send one frame of it")
        picture.load()
        return _on_white(_in_8_bits(_upright(picture)))
    except BadPicture:
        raise
    except Exception as error:  # decoders raise arbitrary exceptions, with texts for programmers
        raise BadPicture(f"{name} cannot be read as {kind}: {_flaw(data, media_type)}; send it again") from error


def _flaw(data: bytes, media_type: str) -> str:
    """Says why a file cannot be decoded, from its first bytes: its type, or else that the rest is damaged."""
    if not data:
        return "it is empty"
    kind = next((kind for kind, begins in _SIGNATURES.items() if begins.match(data)), None)
    if kind is None:
        return "it is no PNG, JPEG, WebP or GIF"
    return "it is cut off or damaged" if kind == media_type else f"it is {kind}, not {media_type}"


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise BadPicture(f"{name} has {width} by {height} pixels, and {MAX_PIXELS} are taken; make it smaller")
    if min(size) < MIN_SIDE or max(size) > MAX_RATIO * min(size):
        raise BadPicture(
            f"{name} has {width} by {height} pixels; each side has to have {MIN_SIDE} or more, and the longer one at "
            f"most {MAX_RATIO} times as many as the other"
        )


def _upright(picture: Any) -> Any:
    """Applies the EXIF orientation of cameras, if there is one that can be read: browsers too show a picture whose
    metadata is damaged."""
    from PIL import ExifTags, Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    try:
        turn = turns.get(picture.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # Pillow raises arbitrary exceptions for metadata that it cannot read
        return picture
    return picture if turn is None else picture.transpose(turn)


def _in_8_bits(picture: Any) -> Any:
    """Scales greys of 16 bits, as of scans: Pillow's own conversion would make all but the darkest white."""
    if not picture.mode.startswith("I"):
        return picture
    # In 16 bits, so no colour of the result.
    picture.info.pop("transparency", None)
    return picture.convert("I").point(lambda value: value / 256).convert("L")


def _on_white(picture: Any) -> Any:
    """Converts to RGB; transparent pixels become white, as on a page."""
    from PIL import Image

    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture)
    return picture.convert("RGB")
