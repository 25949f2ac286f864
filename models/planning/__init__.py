"""What a planner knows and answers, and what a talk is worth: below the simulator and the nightly plan alike."""
