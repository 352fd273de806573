"""The sliders: a component that moves a place along each latent dimension, or along directions."""

from ui.sliders.along import direction_sliders
from ui.sliders.wrapper import z_sliders

__all__ = ["direction_sliders", "z_sliders"]
