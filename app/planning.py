"""The command `plan`: tomorrow's contacts, and what became of those of an earlier plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.printing import print_json, remark
from ledger.screen import wrapped

if TYPE_CHECKING:
    from optimize.nightly.job import Night

_NEEDED: Final = ("ledger", "roster")
_NO_RULES: Final = ("capacity", "worth")  # what holds accounts back without a rule that wants it so


def run_plan(fields: dict[str, Any], *, out: Path | None, state: Path, dry_run: bool, as_json: bool) -> int:
    """Make and publish a plan, and say what became of it; return the exit code."""
    from ledger import BadInput, Refused
    from ledger.table.exchange import read_rate_options
    from optimize.nightly.job import nightly
    from optimize.nightly.request import NightRequest

    for name in _NEEDED:
        if not fields.get(name):
            raise BadInput("is needed", where="command line", field=f"--{name}")
    given = {name: value for name, value in fields.items() if value is not None}
    given["rates"] = read_rate_options(given.get("rates", ()))
    folder = (state / "plans" if out is None else out).absolute()
    night = nightly(NightRequest(out=folder, state=state, **given), dry_run=dry_run)
    _show(night, dry_run=dry_run, as_json=as_json)
    if night.about["status"] == "infeasible":
        kept = "shown" if dry_run else "written"
        remark(f"collectlab: not all rules can be met: {_missed(night.about['unmet'])}; the best plan is {kept}")
        return Refused.exit_code
    if reason := _idle(night.about):
        remark(wrapped(f"collectlab: {reason}"))
        return Refused.exit_code
    return 0


def _idle(about: dict[str, Any]) -> str:
    """Return why nobody is contacted although money is overdue and no rule forbids it; nothing where it is not so."""
    from ledger.table.currency import decimals

    left = [one for one in about["binding"] if one["rule"] in _NO_RULES]
    late = about.get("overdue", 0)  # plans of an earlier version do not tell
    if about["contacts"] or not late or not left:
        return ""
    amount = f"{about['currency']} {late / 10 ** decimals(about['currency']):,.2f}"
    why = " ".join(f"{one['accounts']:,}: {one['sentence']}" for one in left)
    return f"{amount} is overdue, and no contact is worth making. Accounts left alone: {why}"


def _show(night: "Night", *, dry_run: bool, as_json: bool) -> None:
    about = night.about
    if as_json:
        print_json(about)
    elif night.plan is not None:
        print(night.plan.summary())
        if night.change is not None:
            print(wrapped(night.change.summary()))
    for text in night.notes:
        remark(text)
    if as_json and night.plan is not None:
        for text in night.plan.notes:
            remark(wrapped(f"note: {text}"))
    if about["status"] == "fallback":
        remark("Warning: the solver had no answer; this is the fall-back plan, accounts by uplift per minute.")
    told = wrapped(_told(night, dry_run=dry_run))
    remark(told) if as_json else print(told)


def _told(night: "Night", *, dry_run: bool) -> str:
    if dry_run:
        return "Dry run: nothing was written"
    about, place = night.about, None if night.folder is None else night.folder.parent.parent
    stored = {None: "", True: "; published to the database", False: "; the database has it already"}[night.stored]
    if night.unchanged:
        return (
            f"The plan of {about['date']} from snapshot {about['snapshot']} is published in {place} already (run "
            f"{about['run_id']}): nothing was changed there{stored}"
        )
    return f"Published in {place}: plan.csv, plan.xlsx, plan.parquet, plan.json{stored}"


def _missed(unmet: list[dict[str, str]]) -> str:
    """Return how many accounts each rule could not be met for."""
    rules: dict[str, int] = {}
    for one in unmet:
        rules[one["rule"]] = rules.get(one["rule"], 0) + 1
    return ", ".join(f"{count:,} by rule {rule}" for rule, count in rules.items()) or "see plan.json"


def run_reconcile(folder: Path, *, ledger: str | None, preset: str | None, mapping: Path | None, as_json: bool) -> None:
    """Show what was done of a plan, and what came in."""
    from ledger import BadInput
    from optimize.nightly.request import ledger_at
    from optimize.publish.folder import CURRENT, PLANS, read_plan
    from optimize.publish.reconcile import reconcile

    if not ledger:
        raise BadInput("is needed", where="command line", field="--ledger")
    published = folder / PLANS / CURRENT
    plan = read_plan(published.resolve() if published.is_symlink() else folder)
    if plan.damaged:
        raise BadInput(f"holds no whole plan ({', '.join(plan.damaged)})", where=str(folder))
    known, notes = ledger_at(ledger, preset=preset, mapping=mapping)
    for text in notes:
        remark(text)
    found = reconcile(plan, known)
    print_json(found.to_dict()) if as_json else print(found.summary())
