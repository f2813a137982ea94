"""The parts of scripts/bootstrap. Python 3.9, standard library only."""
