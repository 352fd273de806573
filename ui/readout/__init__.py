"""The readout: a component that says in one line where a page stands, and how fast it decodes."""

from ui.readout.wrapper import readout

__all__ = ["readout"]
