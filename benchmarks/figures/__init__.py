"""The figures: each function measures on a bench and returns a report."""
