"""Its place makes the modules beside it (``ledger_values``) importable from every test."""
