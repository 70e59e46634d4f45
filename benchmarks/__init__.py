"""Measurements of the goals that the design sets for speed; run one by `python -m benchmarks.NAME`.

They are no tests: what they measure depends on the machine.
"""
