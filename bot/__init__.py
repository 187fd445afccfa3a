"""诉访通 (sufang): a conversational intake assistant for petitions (信访)."""

__version__ = "0.2.0"
