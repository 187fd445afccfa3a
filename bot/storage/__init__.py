"""Cases, conversations and their encryption on SQLAlchemy."""
