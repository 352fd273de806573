"""Teach: for whoever gives the lessons: goals, timing, answers, and a link to each step; to be printed."""

from ui.lessons import teacher

teacher.show()
