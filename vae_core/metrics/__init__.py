"""Figures: of a model on a split, of its latent space, of what it draws."""
