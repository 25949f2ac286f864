"""The mechanisms, in the order in which they begin and act."""

from typing import Final

from sim.mechanisms.callbacks import Callbacks
from sim.mechanisms.disputes import Disputes
from sim.mechanisms.holdout import Holdout
from sim.mechanisms.part_payments import PartialPayments
from sim.mechanisms.promises import Promises
from sim.mechanisms.protocol import Begun, Mechanism
from sim.mechanisms.write_off import WriteOff

MECHANISMS: Final[tuple[type[Mechanism], ...]] = (
    WriteOff,
    Promises,
    Disputes,
    PartialPayments,
    Holdout,
    Callbacks,
)


def begin(begun: Begun) -> tuple[Mechanism, ...]:
    """Return those that are on, ready to act."""
    ready = [mechanism.begin(begun) for mechanism in MECHANISMS]
    return tuple(one for one in ready if one is not None)
