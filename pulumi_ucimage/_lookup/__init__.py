"""Use cases: one look-up, one pin decision, and the listings they share."""
