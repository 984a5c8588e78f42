"""`[destinations.page]`: the keys of relay.toml about the customer's page."""

from typing import NamedTuple
from urllib.parse import urlsplit

from relay.config.field import TEXT, TEXTS, Field

_ORIGIN = r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?"

PAGE_FIELDS = (
    Field(
        "title",
        TEXT,
        "Your name, as your customers know it: the page's heading.",
        required=True,
        pattern=r"[^\x00-\x1f\x7f]{1,64}",
        expected="expected 1 to 64 characters",
        example="Acme",
    ),
    Field(
        "logo",
        TEXT,
        "The URL of your logo; the page may load images from its host.",
        pattern=rf"{_ORIGIN}/[!-~]{{0,512}}",
        expected="expected an https URL with a path",
        example="https://www.acme.example/logo.svg",
    ),
    Field(
        "color",
        TEXT,
        "The color of your brand, for buttons and links.",
        pattern=r"#[0-9A-Fa-f]{6}",
        expected='expected a color such as "#0b5fff"',
        example="#0b5fff",
    ),
    Field(
        "frame_ancestors",
        TEXTS,
        "The origins of your own pages that may show the page in a frame; none may without it.",
        pattern=_ORIGIN,
        expected="expected an https origin, without a path",
        example=["https://app.acme.example"],
    ),
)


class Page(NamedTuple):
    """`[destinations.page]`; `logo` and `color` may be empty."""

    title: str
    logo: str = ""
    color: str = ""
    frame_ancestors: tuple[str, ...] = ()

    @property
    def logo_origin(self) -> str:
        """Return where the logo is loaded from, empty without one."""
        parts = urlsplit(self.logo)
        return f"{parts.scheme}://{parts.netloc}" if self.logo else ""
