"""The command `effects`."""

from pathlib import Path

from app.printing import print_json


def run_effects(folder: Path, *, as_of: str | None, since: str | None, as_json: bool) -> None:
    """Show what contacts do: assumed, and estimated from the ledger's contact log as far as it allows."""
    from ledger import read_ledger
    from models.effects.estimates import contact_effects

    study = contact_effects(read_ledger(folder), as_of=as_of, since=since)
    print_json(study.to_dict()) if as_json else print(study.summary())
