"""Pure decisions: values in, decisions with reasons out."""
