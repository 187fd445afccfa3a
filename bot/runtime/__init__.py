"""Rasa extension points: stores, locks, in-process actions."""
