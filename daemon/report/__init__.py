"""The day as text, the period as one HTML file."""
