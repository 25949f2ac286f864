"""Lay out one replication: what is open, what will be ordered, when it would be paid if nobody called."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger.arrays import Bits, Floats, SmallInts
from ledger.policy.roster import Roster
from ledger.table.calendar import NEVER, Calendar
from ledger.table.ledger import positions
from ledger.table.places import calling_clocks
from models.assumed.assumptions import Assumptions
from models.history.weekdays import days_since
from sim.demand.order_level import Level
from sim.world.behaviour import Behaviour
from sim.world.keyed import NOBODY, Purpose, key
from sim.world.keyed_kernels import uniform, uniforms
from sim.world.orders import MONTH, Orders, draw_orders
from sim.world.payment import hazard_tables
from sim.world.payment_kernels import first_paydays
from sim.world.portfolio import NO_DISPUTE, NO_PROMISE, NOT_PAID, Opening, Portfolio
from sim.world.resume import still_felt
from sim.world.state import Accounts, Invoices, Payments


@dataclass(kw_only=True, slots=True)
class World:
    """Everything that a replication reads and writes."""

    invoices: Invoices
    accounts: Accounts
    payments: Payments
    number: SmallInts  # running number of a simulated invoice; -1 - k for the k-th open one
    zones: tuple[str, ...]
    standing: Floats  # share not written off by days past due: the law of `lapse`; empty where it is one age for all


def prepare(
    portfolio: Portfolio, people: Roster, assume: Assumptions, calendar: Calendar, seeds: tuple[int, int]
) -> World:
    """Return the world on the evening of day 0, without what mechanisms do in it."""
    customers, behaviour = portfolio.ledger.customers, portfolio.behaviour
    entity = portfolio.entity
    country = _codes(customers["country"], calendar.countries)
    clock = calling_clocks(customers, portfolio.timezone, portfolio.start.year)
    zones = tuple(sorted(clock.unique()))
    opening = portfolio.opening
    orders = draw_orders(behaviour, country, entity, calendar, seeds[0], replication=seeds[1])
    runs = calendar.payment_day(country, behaviour.payment_weekdays)
    hazard = np.pad(behaviour.hazard, ((0, 0), (1, 0)))  # before the first day there is none
    tables = hazard_tables(hazard, behaviour.first_day - 1, assume.effect_half_life)
    payments = Payments(
        cumulative=tables.cumulative,
        decayed=tables.decayed,
        growth=tables.growth,
        first_day=tables.first_day,
        rest_kind=behaviour.rest_kind,
        runs=runs.table,
        applied=calendar.next_working(calendar.home, int(assume.cash_application_lag)),
    )
    invoices, number = _merge(opening, orders, behaviour)
    accounts = _accounts(entity, portfolio, people, invoices, runs.row, zone=_codes(clock, zones))
    old = np.flatnonzero(number < 0)
    invoices.added[old] = still_felt(portfolio, assume, payments)[-1 - number[old]]
    threshold = -np.log(uniforms(key(*seeds, Purpose.PAYMENT), invoices.entity, 0))
    threshold /= _pace(behaviour.payment_level, invoices.due, calendar.days, seeds)
    since = days_since(behaviour.payment_weekdays | calendar.every_day)[:, portfolio.start.dayofweek]
    begin = np.maximum(invoices.issue, 1 - since[invoices.customer]).astype(np.int32)
    target, pay = first_paydays(payments, invoices, accounts, begin, threshold)
    invoices = invoices._replace(target=target, pay=pay)
    return World(
        invoices=invoices,
        accounts=accounts,
        payments=payments,
        number=number,
        zones=zones,
        standing=np.empty(0),
    )


def _pace(level: Level | None, due: SmallInts, days: int, seeds: tuple[int, int]) -> Floats:
    """Return the factor on each invoice's hazard that this replication draws, the same under every strategy.

    It is the level of all, times that of the month in which the invoice falls due; the first where it is past due.
    """
    if level is None:
        return np.ones(len(due))
    draw = key(*seeds, Purpose.PAYMENT_LEVEL)
    way, height = (uniform(draw, NOBODY, k) for k in (0, 1))
    month = (np.maximum(due, 0) / MONTH).astype(np.int64)
    number = np.arange(month.max(initial=0) + 1, dtype=np.uint64)
    own = level.months(way, uniforms(key(*seeds, Purpose.PAYMENT_MONTH), number, 0))
    return np.maximum(level.drawn(way, height, days / MONTH)[0] * own, 1e-6)[month]


def _codes(values: "pd.Series[str]", among: tuple[str, ...]) -> SmallInts:
    return positions(values, pd.Series(among, dtype=values.dtype)).astype(np.int32)


def _merge(begin: Opening, orders: Orders, behaviour: Behaviour) -> tuple[Invoices, SmallInts]:
    """Interleave open and future invoices by customer; return also their numbers."""
    first = len(begin.customer)
    customer = np.r_[begin.customer, orders.customer]
    order = np.argsort(customer, kind="stable")  # both parts are sorted: a merge

    def column(old: SmallInts, new: SmallInts) -> SmallInts:
        return np.concatenate([old, new])[order]

    due = column(begin.due, orders.due)
    n = len(order)
    kind, clock = behaviour.kind[customer[order]], due.copy()
    none = np.full(len(orders.customer), NOT_PAID, np.int32)
    main_paid = column(begin.main_paid, none)
    rests = np.flatnonzero((main_paid > NOT_PAID) & (behaviour.part_payments is not None))
    kind[rests] = behaviour.rest_kind + column(begin.large, none)[rests]
    clock[rests] = main_paid[rests]
    disputed = column(begin.dispute, np.full(len(orders.customer), NO_DISPUTE, np.int32))
    invoices = Invoices(
        customer=customer[order],
        issue=column(begin.issue, orders.issue),
        due=due,
        kind=kind,
        clock=clock,
        amount=np.concatenate([begin.amount, orders.amount])[order],
        pay=np.full(n, NEVER, np.int32),
        lapse=np.full(n, NEVER, np.int32),
        target=np.zeros(n),
        added=np.zeros(n),
        hold=column(begin.hold, np.full(len(orders.customer), NO_PROMISE, np.int32)),
        dispute=np.where(disputed == NO_DISPUTE, np.int32(NEVER), np.int32(1)),
        resolve=np.full(n, NEVER, np.int32),
        credit=np.zeros(n, np.int64),
        entity=np.concatenate([begin.entity, orders.entity])[order],
    )
    return invoices, column(-1 - np.arange(first, dtype=np.int32), orders.number)


def _accounts(
    entity: Bits, portfolio: Portfolio, people: Roster, invoices: Invoices, run_row: SmallInts, *, zone: SmallInts
) -> Accounts:
    n = len(entity)
    behaviour = portfolio.behaviour
    edge = np.searchsorted(invoices.customer, np.arange(n + 1))
    return Accounts(
        entity=entity,
        kind=behaviour.kind,
        frailty=behaviour.frailty,
        run_row=run_row,
        zone=zone,
        reach=behaviour.reach,
        keeps=behaviour.keeps,
        need=people.needs(portfolio.ledger.customers["language"]),
        head=edge[:-1].astype(np.int64),
        tail=edge[:-1].astype(np.int64),
        end=edge[1:].astype(np.int64),
        quiet=np.zeros(n, np.int32),
        shortest_term=_shortest(invoices.due - invoices.issue, edge),
        step=np.full(n, -1, np.int32),
        lead=np.full(n, -1, np.int64),
        tries=np.zeros(n, np.int32),
        next_try=np.zeros(n, np.int32),
        calls=np.zeros(n, np.int32),
        touches=np.zeros(n, np.int32),
        talks=np.zeros(n, np.int32),
        recent=np.full((n, 7), -NEVER, np.int32),
        memory=np.zeros(n),
        memory_day=np.zeros(n, np.int32),
        callback=np.full(n, -NEVER, np.int32),
        balance=np.zeros(n, np.int64),
        oldest=np.zeros(n, np.int32),
    )


def _shortest(term: SmallInts, edge: npt.NDArray[np.intp]) -> SmallInts:
    """Return the shortest term of each customer's invoices; 0 for one without invoices."""
    shortest = np.zeros(len(edge) - 1, np.int32)
    some = edge[1:] > edge[:-1]
    if some.any():
        shortest[some] = np.minimum.reduceat(term, edge[:-1][some])
    return shortest
