"""The files of a comparison: its numbers, its study and its report in one folder."""

import json
from pathlib import Path

from experiments.comparing.comparison import CURVES, MARKER, Comparison
from experiments.reporting.report import report
from ledger.files.storage import write_folder


def write_comparison(comparison: Comparison, folder: str | Path) -> Path:
    """Write a comparison and its report into a folder, whole or not at all; earlier results are replaced.

    `comparison.json` (what the command prints), `replications.parquet`, `paths.parquet`, `assumptions.parquet`, with a
    ledger `payment_curves.parquet`, `study.toml` (which gives this study again) and `report.html`.
    """

    def fill(fresh: Path) -> None:
        about = json.dumps(comparison.to_dict(), indent=2, allow_nan=False)
        (fresh / MARKER).write_text(about + "\n", encoding="utf-8")
        comparison.replications.to_parquet(fresh / "replications.parquet", index=False)
        comparison.paths.to_parquet(fresh / "paths.parquet", index=False)
        comparison.assumptions.to_parquet(fresh / "assumptions.parquet", index=False)
        if comparison.curves is not None:
            comparison.curves.to_parquet(fresh / CURVES, index=False)
        (fresh / "study.toml").write_text(comparison.study.to_toml(), encoding="utf-8")
        (fresh / "report.html").write_text(report(comparison), encoding="utf-8")

    return write_folder(folder, MARKER, fill)
