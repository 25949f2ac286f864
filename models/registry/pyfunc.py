"""A registered model as MLflow serves it: this file is kept with each version and run where that is loaded.

`mlflow.pyfunc.load_model("models:/payment-timing@champion").predict(invoices)` takes a table with the columns
customer_id, issue_date, due_date, amount (minor units), currency and, if wanted, asked_on (the evening on which the
question is asked). It needs collectlab installed.
"""

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from models.evaluation.prediction import predict
from models.registry.model_file import SavedModel

LATE = (0, 15, 30)


class ServedPaymentTiming(PythonModel):
    """The fitted model behind MLflow's own face; it knows what it knew when it was fitted."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the fitted model that was registered."""
        self.saved = SavedModel.read(context.artifacts["model"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return one row per invoice: median, 10 % and 90 % quantile of days late, and chances to be so late.

        The parameter `late` is a list of days; for each the chance of being paid later than that, or never.
        """
        del context
        told = predict(self.saved.timing, model_input)
        columns = {"median_days_late": told.median(), "q10": told.quantile(0.1), "q90": told.quantile(0.9)}
        late = LATE if params is None else params.get("late", LATE)
        return pd.DataFrame(columns | {f"p_late_{days}": told.probability_late(int(days)) for days in late})


set_model(ServedPaymentTiming())
