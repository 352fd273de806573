"""What the page Projections is made of."""
