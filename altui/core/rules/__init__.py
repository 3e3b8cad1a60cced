"""Pure rules: a snapshot in, an assessment out."""
