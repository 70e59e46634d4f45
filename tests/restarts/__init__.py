"""Sells under load while the service is restarted again and again, and counts every answer."""
