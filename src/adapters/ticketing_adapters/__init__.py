"""Adapters: each plugs one technology into the ports of `ticketing_core`, and knows no other."""
