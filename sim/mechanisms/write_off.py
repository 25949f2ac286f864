"""Write-offs: from what day an invoice that stays unpaid is given up.

At one age for all (`write_off_age`), or by the law that the house's own write-offs tell (`models.history.write_offs`):
then the day of each is drawn before the run, and a planner knows the law, not the draw. A rest that a part payment left
has its write-off among its ends already.
"""

from typing import ClassVar, Final

import numpy as np

from ledger.table.calendar import NEVER
from models.history.write_offs import age_chosen
from sim.mechanisms.protocol import Begun
from sim.world.keyed import Purpose
from sim.world.keyed_kernels import uniforms

_LAST_CYCLE: Final = 90  # an invoice that is past the write-off age on day 0 is written off after so many days


class WriteOff:
    """It has done its part when the run begins: the day of each write-off stands in the invoices' column `lapse`."""

    name: ClassVar[str] = "write_off"
    parameters: ClassVar[tuple[str, ...]] = ("write_off_age",)

    @classmethod
    def begin(cls, begun: Begun) -> "WriteOff | None":
        """Set when each invoice is written off if it stays unpaid; off where none is at any age."""
        world, assume, own = begun.world, begun.assume, begun.portfolio.behaviour.write_offs
        inv = world.invoices
        if own is not None and not age_chosen(assume, begun.portfolio.assumptions.write_off_age):
            inv.lapse[:] = own.lapse(inv.due, -np.log(uniforms(begun.draw(Purpose.WRITE_OFF), inv.entity, 0)))
            world.standing = own.standing(np.arange(max(own.age, default=0) + 1))
        elif assume.write_off_age < NEVER:
            lapse = inv.due + np.int32(assume.write_off_age)
            inv.lapse[:] = np.where(lapse >= 1, lapse, np.int32(_LAST_CYCLE))
        else:
            return None
        inv.lapse[inv.kind >= world.payments.rest_kind] = NEVER
        return cls()
