"""Odd input from strangers, made from a seed: ``python -m tests.fuzz`` (`make fuzz`)."""
