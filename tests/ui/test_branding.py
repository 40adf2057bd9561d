"""A vendor's colour is always made readable, and a logo is only ever a picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.kernel.ui import branding

pytestmark = pytest.mark.pure
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


class TestEveryColourCanBeRead:
    @given(colours)
    def test_links_read_on_the_page_the_canvas_and_the_tint_in_both_themes(self, colour):
        palette = branding.palette(colour)

        for theme, shades in (("light", palette.light), ("dark", palette.dark)):
            for surface in (branding.SURFACES[theme], branding.SOFT_SURFACES[theme], shades.soft):
                assert branding.ratio(shades.ink, surface) >= 4.5

    @given(colours)
    def test_text_reads_on_the_button_in_both_themes(self, colour):
        palette = branding.palette(colour)

        assert branding.ratio(palette.light.content, palette.light.fill) >= 4.5
        assert branding.ratio(palette.dark.content, palette.dark.fill) >= 4.5

    def test_a_readable_colour_is_left_as_it_is_and_nothing_is_said(self):
        palette = branding.palette("#3451b2")

        assert (palette.light.fill, palette.light.ink, palette.notes) == ("#3451b2", "#3451b2", ())

    def test_yellow_keeps_its_buttons_but_its_links_are_darkened_and_that_is_said(self):
        palette = branding.palette("#ffe100")

        assert palette.light.fill == "#ffe100"
        assert palette.light.ink != "#ffe100"
        assert "1.3" in palette.notes[0] and palette.light.ink in palette.notes[0]

    def test_the_stylesheet_begins_with_the_default_colours_own_shades(self, settings):
        tokens = (settings.BASE_DIR / "prm/kernel/ui/css/tokens.css").read_text()

        for declared in branding.palette(branding.DEFAULT).css()[6:-1].split(";"):
            assert declared.replace(":", ": ", 1).replace(",", ", ") + ";" in tokens


class TestContrast:
    def test_black_on_white_is_21_and_a_colour_on_itself_is_1(self):
        assert branding.ratio("#000000", "#ffffff") == pytest.approx(21)
        assert branding.ratio("#777777", "#777777") == 1


class TestWhatIsAColour:
    @pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#3451b2;}", "javascript:1", "#3451b2\n"])
    def test_anything_else_than_six_hex_digits_is_none(self, text):
        assert branding.parsed(text) in (None, "#3451b2") and ";" not in (branding.parsed(text) or "")

    def test_a_palette_refuses_what_is_no_colour(self):
        with pytest.raises(ValueError, match="is not a colour"):
            branding.palette("red")


class TestLogos:
    PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20

    def test_a_png_reads_back_as_it_was(self):
        assert branding.logo_bytes(branding.logo_as_data(self.PNG)) == ("image/png", self.PNG)

    @pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"GIF89a", b"%PDF-1.7", b"", b"RIFF....WAVE"])
    def test_anything_that_is_no_plain_picture_is_refused(self, content):
        with pytest.raises(ValueError, match="PNG"):
            branding.logo_as_data(content)

    def test_a_big_picture_is_refused_and_its_size_told(self):
        with pytest.raises(ValueError, match="150 kB"):
            branding.logo_as_data(self.PNG + b"\0" * 150_000)

    def test_a_stored_address_of_another_kind_is_never_served(self):
        assert branding.logo_bytes("data:image/svg+xml;base64,PHN2Zz4=") is None
        assert branding.logo_bytes("data:text/html;base64,PGI+") is None
        assert branding.logo_bytes("data:image/png;base64,***") is None
