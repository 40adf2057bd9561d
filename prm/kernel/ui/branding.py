"""A vendor's colour made readable: shades for light and dark whose contrast meets WCAG 2.2 AA.

Contrast is WCAG's: (L1 + 0.05) / (L2 + 0.05) of relative luminances. Shades keep the hue and chroma of the
colour in OKLCH (Björn Ottosson, https://bottosson.github.io/posts/oklab/) and move its lightness only.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from math import atan2, cos, hypot, sin

from django.utils.translation import gettext as _

TEXT_CONTRAST = 4.5
SURFACES = {"light": "#ffffff", "dark": "#18181b"}
SOFT_SURFACES = {"light": "#f8f8f9", "dark": "#202024"}
_HEX = re.compile(r"#?([0-9a-fA-F]{6})\Z")
LOGO_LIMIT = 100_000
DEFAULT = "#2f5bea"  # the shades of tokens.css
_LOGO_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shades:
    """One theme's five colours: fill, text on it, text and links on the page, tint, line."""

    fill: str
    content: str
    ink: str
    soft: str
    line: str


@dataclass(frozen=True, slots=True)
class Palette:
    """A brand colour worked out for both themes, so that people can read it."""

    colour: str
    light: Shades
    dark: Shades
    contrast: float

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to change, in the reader's language."""
        return tuple(_notes(self.colour, self.light, self.contrast))

    def samples(self) -> tuple[tuple[Shades, str, str], ...]:
        """Each theme's shades with its page and its name, for a preview."""
        return (
            (self.light, SURFACES["light"], _("On a light page")),
            (self.dark, SURFACES["dark"], _("On a dark page")),
        )

    def css(self) -> str:
        """The five custom properties, light and dark side by side."""
        pairs = (("", "fill"), ("-content", "content"), ("-ink", "ink"), ("-soft", "soft"), ("-line", "line"))
        lines = (
            f"--brand{name}:light-dark({getattr(self.light, key)},{getattr(self.dark, key)})" for name, key in pairs
        )
        return ":root{" + ";".join(lines) + "}"


def parsed(text: str) -> str | None:
    """`#rrggbb` in lower case, or None if the text is no such colour."""
    match = _HEX.match(text.strip())
    return f"#{match[1].lower()}" if match else None


@lru_cache(maxsize=256)
def palette(colour: str) -> Palette:
    """The palette of a colour `#rrggbb`. Raises ValueError for anything else."""
    if parsed(colour) != colour:
        raise ValueError(f"{colour!r} is not a colour such as #3451b2")
    light, dark = _shades(colour, "light"), _shades(colour, "dark")
    contrast = ratio(colour, SURFACES["light"])
    return Palette(colour, light, dark, contrast)


def _shades(colour: str, theme: str) -> Shades:
    fill = _lifted(colour) if theme == "dark" else _whitened(colour)
    surfaces = (SURFACES[theme], SOFT_SURFACES[theme], soft := _mixed(fill, SURFACES[theme], _TINT[theme]))
    ink = _readable(colour, surfaces, darker=theme == "light")
    return Shades(fill, _text_on(fill), ink, soft, _mixed(fill, SURFACES[theme], 0.32))


_TINT = {"light": 0.08, "dark": 0.16}


def _notes(colour: str, light: Shades, contrast: float) -> list[str]:
    notes: list[str] = []
    if light.ink != colour:
        notes.append(
            _("%(colour)s on white has a contrast of %(ratio)s:1; text needs 4.5:1. Links use %(ink)s instead.")
            % {"colour": colour, "ratio": f"{contrast:.1f}", "ink": light.ink}
        )
    if light.fill != colour:
        notes.append(
            _("Buttons use %(fill)s, a little darker, so that white text reads on them.") % {"fill": light.fill}
        )
    if light.content != "#ffffff":
        notes.append(_("White text can't be read on this colour, so buttons carry dark text."))
    return notes


def _lifted(colour: str) -> str:
    """The fill for dark pages: the same, unless it would sink into the page."""
    return _moved(_whitened(colour), (SURFACES["dark"],), least=3, darker=False)


def _whitened(colour: str) -> str:
    """A fill on which white text nearly reads is darkened until it does: nearer to the brand than black text."""
    if not NEARLY <= ratio("#ffffff", colour) < TEXT_CONTRAST:
        return colour
    return _moved(colour, ("#ffffff",), least=TEXT_CONTRAST, darker=True)


NEARLY = 3.4


def _text_on(fill: str) -> str:
    """White where it can be read, else a near-black, else black, which reads wherever white does not."""
    return next((text for text in ("#ffffff", "#101014") if ratio(text, fill) >= TEXT_CONTRAST), "#000000")


def _readable(colour: str, surfaces: tuple[str, ...], *, darker: bool) -> str:
    """The colour itself if it reads on every surface, else the nearest lightness that does."""
    return _moved(colour, surfaces, least=TEXT_CONTRAST + 0.1, darker=darker)


def _moved(colour: str, surfaces: tuple[str, ...], *, least: float, darker: bool) -> str:
    """The colour made darker (or lighter) until it stands out from every surface by `least`."""
    lightness, chroma, hue = _to_lch(_rgb(colour))
    candidate = colour
    while min(ratio(candidate, surface) for surface in surfaces) < least:
        lightness += -0.01 if darker else 0.01
        if not 0 <= lightness <= 1:
            return "#1a1a1e" if darker else "#ededf0"
        candidate = _hex(_from_lch(lightness, chroma, hue))
    return candidate


def ratio(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel) for channel in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> Rgb:
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(min(max(channel, 0.0), 1.0) * 255):02x}" for channel in rgb)


def _mixed(colour: str, surface: str, share: float) -> str:
    top, below = _rgb(colour), _rgb(surface)
    mixed = [a * share + b * (1 - share) for a, b in zip(top, below, strict=True)]
    return _hex((mixed[0], mixed[1], mixed[2]))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else float(1.055 * channel ** (1 / 2.4) - 0.055)


def _to_lch(rgb: Rgb) -> tuple[float, float, float]:
    red, green, blue = (_linear(channel) for channel in rgb)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, hypot(a, b), atan2(b, a)


def _from_lch(lightness: float, chroma: float, hue: float) -> Rgb:
    """Back to sRGB; chroma gives way where the screen has no such colour."""
    while True:
        rgb = _from_lab(lightness, chroma * cos(hue), chroma * sin(hue))
        if chroma < 0.002 or all(-0.002 <= channel <= 1.002 for channel in rgb):
            return tuple(_gamma(min(max(channel, 0.0), 1.0)) for channel in rgb)  # type: ignore[return-value]
        chroma *= 0.95


def _from_lab(lightness: float, a: float, b: float) -> Rgb:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def fingerprint(logo: str) -> str:
    """A short name of these very bytes, for caches."""
    return sha256(logo.encode()).hexdigest()[:12]


def logo_as_data(content: bytes) -> str:
    """A picture as a `data:` address. Raises ValueError with a sentence: PNG, JPEG or WebP up to 100 kB.

    SVG is refused: it is a program as well as a picture.
    """
    if len(content) > LOGO_LIMIT:
        raise ValueError(
            _("The logo may be 100 kB at most; this one has %(size)d kB.") % {"size": len(content) // 1000}
        )
    for kind, magic in _LOGO_MAGIC.items():
        if content.startswith(magic) and (kind != "image/webp" or content[8:12] == b"WEBP"):
            return f"data:{kind};base64,{base64.b64encode(content).decode()}"
    raise ValueError(_("Use a PNG, JPEG or WebP picture."))


def logo_bytes(data: str) -> tuple[str, bytes] | None:
    """Kind and bytes of a stored logo; None if it is none that may be shown."""
    head, _comma, body = data.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    if kind not in _LOGO_MAGIC:
        return None
    try:
        return kind, base64.b64decode(body, validate=True)
    except binascii.Error:
        return None
