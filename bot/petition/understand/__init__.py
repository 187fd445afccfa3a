"""Understanding: from a text to spans with normal forms."""
