"""The figures: one function each, which starts what it needs, measures and audits."""
