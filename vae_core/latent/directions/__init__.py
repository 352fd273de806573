"""Directions in a latent space: what to look for, the direction found, and how much of it holds on held-out codes."""

from vae_core.latent.directions.direction import Direction, Effect, Interval, analogy, cosines, plane_of
from vae_core.latent.directions.files import directions_json, read_directions
from vae_core.latent.directions.find import find_direction, held_out, permutation_test
from vae_core.latent.directions.question import Question, class_question, column_question, group_question
from vae_core.latent.directions.table import Table, read_table

__all__ = [
    "Direction",
    "Effect",
    "Interval",
    "Question",
    "Table",
    "analogy",
    "class_question",
    "column_question",
    "cosines",
    "directions_json",
    "find_direction",
    "group_question",
    "held_out",
    "permutation_test",
    "plane_of",
    "read_directions",
    "read_table",
]
