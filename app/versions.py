"""The commands `fit` and `models`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.printing import print_json, progress_bar, remark
from ledger.screen import wrapped

if TYPE_CHECKING:
    from ledger import Ledger
    from models.registry.model_file import SavedModel
    from models.registry.promotion import Failure, Trialled
    from models.registry.registry import Version

SHOWN = ("concordance", "integrated_brier", "mae", "auc_late")


def run_fit(
    folder: Path,
    *,
    as_of: str | None,
    model: str,
    promote: bool,
    state: Path,
    track: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Fit a model, keep it, back-test it, register it, and make it champion where that is asked for and earned."""
    from ledger import BadInput, read_ledger
    from ledger.files.storage import check_file
    from ledger.wording import plural
    from models.registry.model_file import fit_saved
    from models.registry.promotion import not_promoted

    if promote and not track:
        raise BadInput("needs the registry: leave out --no-track", where="command line", field="--promote")
    check_file(state / "models" / "model")
    ledger = read_ledger(folder)
    saved = fit_saved(ledger, as_of=as_of, model=model, seed=seed)
    path = saved.write(state / "models" / saved.file_name)
    notes = [*(one.text for one in ledger.answers().findings), *getattr(saved.timing, "notes", ())]
    result: dict[str, Any] = {**saved.about(), "file": str(path), "notes": notes}
    if track:
        trialled, version, failed = _registered(ledger, saved, path, promote=promote, state=state)
        texts = [one.text for one in failed]
        result |= _about(version) | {"promoted": "champion" in version.aliases, "failed": texts}
        if promote and failed and as_json:
            raise not_promoted(version.words, failed, **result)
    else:
        trialled = _trialled(ledger, saved, None, "")
    result["backtest"] = None if trialled is None else trialled.found.to_dict()
    if as_json:
        print_json(result)
        return
    if trialled is not None:
        print(trialled.found.summary())
    print(f"Fitted {model} to {plural(saved.invoices, 'invoice')} known on {saved.as_of:%Y-%m-%d}\nKept in {path}")
    for note in notes:
        print(wrapped(f"Mind: {note}"))
    if track:
        print(f"Registered as {version.words}: {', '.join(version.aliases)}")
        if promote and failed:
            raise not_promoted(version.words, failed)
        for text in texts:
            print(wrapped(f"Against promotion: {text}"))


def _registered(
    ledger: "Ledger", saved: "SavedModel", path: Path, *, promote: bool, state: Path
) -> "tuple[Trialled | None, Version, tuple[Failure, ...]]":
    """Back-test beside the champion, register, and promote; the registry is asked first, so that waiting pays."""
    from models.registry import registry
    from models.registry.mlflow_store import connected
    from models.registry.promotion import Failure

    kept = f"the fitted model is kept in {path}"
    with connected(state, kept=kept) as store:
        office = registry.champion(store)
        rival = None if office is None else registry.read_version(store, office)
    trialled = _trialled(ledger, saved, rival, "" if office is None else office.words)
    unjudged = Failure(metric="back-test", text="its ledger is too short for a back-test")
    failed = (unjudged,) if trialled is None else trialled.failures()
    with connected(state, kept=kept) as store:
        version = registry.register(
            store,
            saved,
            ledger=ledger.snapshot(saved.as_of),
            metrics={} if trialled is None else trialled.metrics(),
            params=None if trialled is None else trialled.params(),
            files=None if trialled is None else trialled.files(),
        )
        now = registry.champion(store)
        if (now and now.number) != (office and office.number):
            text = f"the champion has changed meanwhile to {now.words if now else 'none'}: fit again"
            failed = (Failure(metric=registry.CHAMPION, text=text),)
        if promote and not failed:
            registry.promote(store, version.number)
            version = registry.version(store, str(version.number))
    return trialled, version, failed


def _trialled(ledger: "Ledger", saved: "SavedModel", rival: "SavedModel | None", called: str) -> "Trialled | None":
    from ledger import BadInput, Refused
    from models.registry.promotion import trial

    try:
        with progress_bar("back-test") as progress:
            return trial(ledger, saved, champion=rival, called=called, progress=progress)
    except (BadInput, Refused) as error:
        remark(f"No back-test: {error}")
        return None


def _about(version: "Version") -> dict[str, Any]:
    return {
        "version": version.number,
        "aliases": list(version.aliases),
        "run": version.run,
        "uri": f"models:/payment-timing/{version.number}",
        "metrics": dict(version.metrics),
    }


def run_models(*, state: Path, drift: Path | None, as_json: bool) -> None:
    """Show the registered versions; or how the champion does on a ledger that knows more than it did."""
    if drift is not None:
        return _drift(drift, state=state, as_json=as_json)
    from models.registry.mlflow_store import connected
    from models.registry.registry import versions

    with connected(state) as store:
        found, where = versions(store), store.where
    if as_json:
        print_json({"store": where, "versions": [dict(one.about) | _about(one) for one in found]})
    elif not found:
        print(f"No version is registered at {where}: make one with `collectlab fit`")
    else:
        _show(found)
    return None


def _show(found: "list[Version]") -> None:

    from ledger.screen import text_table
    from models.evaluation.metrics import METRICS

    rows = []
    for one in found:
        values = [f"{one.metrics[m]:.{METRICS[m].places}f}" if m in one.metrics else "–" for m in SHOWN]
        facts = (str(one.about.get(name, "")) for name in ("model", "as_of", "invoices"))
        rows.append((str(one.number), ", ".join(one.aliases), *facts, *values))
    labels = (METRICS[metric].label for metric in SHOWN)
    header = ("Version", "Alias", "Model", "Known to", "Invoices", *labels)
    print(text_table(header, rows, words=(1, 2)))
    print(wrapped("Metrics of each version's own back-test: the 92 days before the day it is known to"))


def _drift(folder: Path, *, state: Path, as_json: bool) -> None:
    from ledger import BadInput, read_ledger
    from models.registry import registry
    from models.registry.drift import drift
    from models.registry.mlflow_store import connected

    ledger = read_ledger(folder)
    with connected(state) as store:
        office = registry.champion(store)
        if office is None:
            raise BadInput("there is no champion yet: make one with `collectlab fit … --promote`", where=store.where)
        saved = registry.read_version(store, office)
    found = drift(ledger, saved, registered=office.metrics, called=office.words)
    print_json(found.to_dict() | _about(office)) if as_json else print(found.summary())
