"""When will it be paid: survival models of payment timing."""
