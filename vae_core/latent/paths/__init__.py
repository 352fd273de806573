"""Paths through a latent space: straight, along an arc, on the data's graph, along a geodesic; and without z at all.

A method finds a curve through its anchors, a polyline of any number of corners. What is shown of it are points at even
steps of the curve's length in z, so that how evenly the picture changes can be compared between methods.
"""

from vae_core.latent.paths.curves import linear, resampled, slerp

METHODS = ("linear", "slerp", "graph", "geodesic", "pixel")
"""Names, as `interpolate --method` takes them; what each does stands in `vae_core.latent.paths.find`."""

__all__ = ["METHODS", "linear", "resampled", "slerp"]
