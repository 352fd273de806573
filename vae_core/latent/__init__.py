"""What one does in a latent space: paths through it, draws from its prior, a grid over it.

numpy in, numpy out; nothing here knows a model.
"""
