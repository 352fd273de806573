"""The sliders: a component that moves a place along each latent dimension."""

from ui.sliders.wrapper import z_sliders

__all__ = ["z_sliders"]
