"""Teams: who works when, at what cost, under which rules."""
