"""Daily market history: files, the shipped windows, the generator."""
