"""Adapters: each implements ports of `ticketing_core` with one technology, and knows no other."""
