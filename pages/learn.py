"""Learn: the list of lessons, and each of them step by step; the address holds lesson and step."""

from ui.lessons import frame

frame.show()
