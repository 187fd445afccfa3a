"""What a petition office knows, as data, and the code that reads and checks it."""
