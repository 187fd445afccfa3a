"""Hotline transcripts become drafts that a clerk confirms."""
