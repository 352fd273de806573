"""What the page Ledger is made of, beside its components."""
