"""When will it be paid: survival models of payment timing."""

from models.timing import PaymentTiming, fit

__all__ = ["PaymentTiming", "fit"]
