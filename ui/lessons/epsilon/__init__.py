"""The pad of epsilon: a component on which a hand moves the noise, and z = mu + sigma epsilon follows."""

from ui.lessons.epsilon.wrapper import epsilon_pad

__all__ = ["epsilon_pad"]
