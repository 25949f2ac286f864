"""Evening: what the day's contacts do to payments and memory, by the laws of `models.assumed.contact_law`."""

from typing import NamedTuple

from models.assumed.assumptions import Assumptions
from models.assumed.contact_law import ContactLaw, TalkLaw, extra_of


class Response(NamedTuple):
    """Assumptions about contacts, as numbers that the kernels read."""

    contact: ContactLaw
    talk: TalkLaw
    talk_extra: float  # of a call that the customer made

    @classmethod
    def of(cls, assume: Assumptions) -> "Response":
        """Return the assumed response."""
        return cls(
            contact=ContactLaw.of(assume),
            talk=TalkLaw.of(assume),
            talk_extra=extra_of(assume.hazard_ratio("inbound", "friendly", personal=True)),
        )
