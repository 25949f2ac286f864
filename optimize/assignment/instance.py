"""What may be done for whom: the sparse instance on which prices are sought and plans are built."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ledger.arrays import Flags, Floats, Ints, SmallInts
from ledger.errors import BadInput
from optimize.assignment.instance_kernels import Dense, Kept, compact


@dataclass(frozen=True, eq=False, kw_only=True)
class Options:
    """Options (account, action, desk, slot) that are worth having, sorted by account, then by resource.

    A resource is one desk in one slot, numbered ``desk * slots + slot``.

    Parameters
    ----------
    start
        The options of account ``i`` are ``start[i]:start[i + 1]``; shape (accounts + 1,).
    resource
        Resource whose minutes an option uses; int32, shape (options,).
    value
        Worth of an option, more is better, finite; shape (options,). Positive unless the account must be served.
    minutes
        Minutes that an option uses, at least 0 and no more than its resource has; shape (options,).
    capacity
        Minutes of each resource, at least 0; shape (resources,).
    must_serve
        Whether exactly one option must be chosen for the account, and not at most one; shape (accounts,).
    origin
        Place of an option in the flattened (action, desk, slot) of its account; shape (options,).
    """

    start: Ints
    resource: SmallInts
    value: Floats
    minutes: Floats
    capacity: Floats
    must_serve: Flags
    origin: Ints

    @classmethod
    def of(
        cls, value: ArrayLike, minutes: ArrayLike, capacity: ArrayLike, must_serve: ArrayLike | None = None
    ) -> "Options":
        """Keep what can matter of a dense instance.

        Dropped are options with value -inf, those longer than their resource, those no better than another action on
        the same resource that takes no longer, and, of accounts that need not be served, those of value 0 or less.

        Parameters
        ----------
        value
            Worth, shape (accounts, actions, desks, slots); -inf where not allowed.
        minutes
            Minutes, at least 0; broadcasts to the shape of `value`.
        capacity
            Minutes of each desk in each slot, at least 0; shape (desks, slots).
        must_serve
            Accounts that need exactly one option; shape (accounts,). None means that nobody must be served.

        Raises
        ------
        BadInput
            A shape does not fit; a value is NaN or +inf; minutes or capacity are negative, NaN or infinite.
        """
        worth = floats("value", value, 4)
        accounts, actions, desks, slots = worth.shape
        room = floats("capacity", capacity, 2)
        if room.shape != (desks, slots):
            rule = f"one number per desk and slot of value is needed, {(desks, slots)}"
            raise BadInput(rule, **shape("capacity", room))
        not_negative("capacity", room)
        length = lengths(minutes, worth.shape)
        must = musts(must_serve, accounts)
        steps = [0 if size == 1 else step // 8 for size, step in zip(length.shape, length.strides, strict=True)]
        most, start = worth.size, np.zeros(accounts + 1, np.int64)  # memory that is not written is not taken
        kept = Kept(start, np.empty(most, np.int32), np.empty(most), np.empty(most), np.empty(most, np.int64))
        wrong = compact(
            Dense(
                value=worth.reshape(accounts, actions, desks * slots),
                minutes=length.ravel(),
                steps=np.array(steps, np.int64),
                slots=slots,
                capacity=room.ravel(),
                must=must,
            ),
            kept,
        )
        if wrong >= 0:
            where = tuple(int(k) for k in np.unravel_index(wrong, worth.shape))
            raise BadInput("a value is a number or -inf", where=f"value{list(where)}", value=float(worth[where]))
        made = int(start[-1])
        return cls(
            start=start,
            resource=kept.resource[:made],
            value=kept.value[:made],
            minutes=kept.minutes[:made],
            capacity=room.ravel(),
            must_serve=must,
            origin=kept.origin[:made],
        )

    @property
    def accounts(self) -> int:
        """Number of accounts, those without an option included."""
        return len(self.must_serve)

    def owner(self) -> Ints:
        """Return the account of each option; shape (options,)."""
        return np.repeat(np.arange(self.accounts), np.diff(self.start))

    def at(self, picked: Ints, start: Ints) -> "Options":
        """Return the instance with the options of these numbers; `start` says where each account's begin among them."""
        return Options(
            start=start,
            resource=self.resource[picked],
            value=self.value[picked],
            minutes=self.minutes[picked],
            capacity=self.capacity,
            must_serve=self.must_serve,
            origin=self.origin[picked],
        )

    def keep(self, mask: Flags) -> "Options":
        """Return the instance with some of the options; accounts stay, even without any option."""
        before = np.zeros(len(mask) + 1, np.int64)
        np.cumsum(mask, out=before[1:])
        return self.at(np.flatnonzero(mask), before[self.start])

    def people(self, chosen: Ints) -> "Options":
        """Return the instance with some of the accounts, all options of theirs and the whole capacity."""
        count = self.start[chosen + 1] - self.start[chosen]
        start = np.zeros(len(chosen) + 1, np.int64)
        np.cumsum(count, out=start[1:])
        picked = np.repeat(self.start[chosen] - start[:-1], count) + np.arange(start[-1])
        return replace(self.at(picked, start), must_serve=self.must_serve[chosen])


def floats(field: str, given: ArrayLike, dimensions: int) -> Floats:
    """Return an array of float64 in C order, of so many dimensions.

    Raises
    ------
    BadInput
        It has other dimensions, or is not made of numbers.
    """
    try:
        array = np.ascontiguousarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"numbers are needed ({error})", field=field) from error
    if np.ndim(given) != dimensions:
        raise BadInput(f"{dimensions} dimensions are needed", **shape(field, np.asarray(given)))
    return array


def shape(field: str, array: NDArray[Any]) -> dict[str, Any]:
    """Return field and value of an error about a shape."""
    return {"field": f"shape of {field}", "value": array.shape}


def not_negative(field: str, array: Floats) -> None:
    """Raise `BadInput` at the first entry that is negative, NaN or infinite."""
    wrong = ~((array >= 0) & (array < np.inf))
    if wrong.any():
        where = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise BadInput("finite and at least 0 minutes", where=f"{field}{list(where)}", value=float(array[where]))


def musts(must_serve: ArrayLike | None, accounts: int) -> Flags:
    """Return one truth value per account."""
    if must_serve is None:
        return np.zeros(accounts, np.bool_)
    must = np.asarray(must_serve)
    if must.shape != (accounts,):
        raise BadInput(f"one entry per account is needed, {accounts}", **shape("must_serve", must))
    if must.dtype != np.bool_:
        raise BadInput("true or false per account", field="must_serve", value=str(must.dtype))
    return must


def lengths(minutes: ArrayLike, of: tuple[int, ...]) -> Floats:
    """Return minutes with four dimensions, each 1 or that of `of`."""
    length = floats("minutes", minutes, np.ndim(minutes))
    if length.ndim > len(of) or any(
        size not in (1, full) for size, full in zip(length.shape[::-1], of[::-1], strict=False)
    ):
        raise BadInput(f"minutes must broadcast to the shape of value, {of}", **shape("minutes", length))
    not_negative("minutes", length)
    return length.reshape((1,) * (len(of) - length.ndim) + length.shape)
