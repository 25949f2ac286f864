"""How good a model is: back-tests, scores, and outcomes that are not known yet."""
