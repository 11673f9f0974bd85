"""The parts of the Compare page: which runs are chosen, the list of runs, what can be done with the chosen ones."""
