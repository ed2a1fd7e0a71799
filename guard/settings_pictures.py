"""What can be set about what is written into pictures, and taken out of them, on their way?"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field

from guard.image.visible_mark import LEAST_OPACITY, MAX_TEXT, MOST_OPACITY, OPACITY
from guard.settings_sections import Section
from guard.validation import YesNo


class VisibleMark(Section):
    """What is written across previews, and across marked copies where `marks.visible` says so."""

    text: str = Field(
        default="", max_length=MAX_TEXT, description="In place of © and the holder's name; with a logo nothing."
    )
    logo: Path | None = Field(
        default=None, description="A PNG of at most 32 KiB, best with transparency; it stands before the text."
    )
    opacity: float = Field(
        default=OPACITY,
        ge=LEAST_OPACITY,
        le=MOST_OPACITY,
        description="How much of the picture it hides, 0.25 to 0.35.",
    )

    def with_logo(self, whole: Callable[[str], Path]) -> "VisibleMark":
        """Return the same with the path of the logo made whole."""
        return self.model_copy(update={"logo": whole(str(self.logo))}) if self.logo else self


class SiteInImage(Section):
    """What happens inside public pictures (JPEG, PNG, WebP, AVIF) that pass through; their pixels stay as they are."""

    rights: YesNo = Field(default=True, description="Write the reservation and whom to ask into them, as XMP.")
    privacy: Literal["strip", "keep"] = Field(
        default="strip",
        description="strip: take out GPS positions, serial numbers, owners' names, maker notes and thumbnails.",
    )
    c2pa: YesNo = Field(
        default=False,
        description="Sign them as well (C2PA). Needs the extra `provenance`; a certificate of one's own is shown as "
        "not trusted.",
    )

    @property
    def does_anything(self) -> bool:
        """False where pictures pass through as they are."""
        return self.rights or self.privacy == "strip" or self.c2pa

    def over(self, general: "SiteInImage") -> "SiteInImage":
        """Return what holds where `general` holds and this is stated."""
        names = SiteInImage.model_fields
        return SiteInImage(
            **{name: getattr(self if name in self.model_fields_set else general, name) for name in names}
        )


class InImage(SiteInImage):
    """What happens inside public pictures of all sites."""

    certificate: Path | None = Field(
        default=None,
        description="The folder with its chain.pem and key.pem [where `guard image certificate` puts them].",
    )

    def with_folder(self, whole: Callable[[str], Path]) -> "InImage":
        """Return the same with the folder of the certificate made whole."""
        return self.model_copy(update={"certificate": whole(str(self.certificate))}) if self.certificate else self
