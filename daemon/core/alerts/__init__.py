"""Which events alert a person, when, and in which words. Values and pure functions; nothing is sent from here."""
