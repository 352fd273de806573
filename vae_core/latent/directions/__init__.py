"""Directions in a latent space: what to look for, the direction found, and how much of it holds on held-out codes."""

from vae_core.latent.directions.direction import (
    Direction,
    Effect,
    Interval,
    Method,
    analogy,
    cosines,
    plane_of,
    usual_cosine,
)
from vae_core.latent.directions.files import directions_json, read_directions
from vae_core.latent.directions.find import find_direction, held_out_codes, permutation_test
from vae_core.latent.directions.question import Question, class_question, column_question, group_question
from vae_core.latent.directions.table import Table, read_table

__all__ = [
    "Direction",
    "Effect",
    "Interval",
    "Method",
    "Question",
    "Table",
    "analogy",
    "class_question",
    "column_question",
    "cosines",
    "directions_json",
    "find_direction",
    "group_question",
    "held_out_codes",
    "permutation_test",
    "plane_of",
    "read_directions",
    "read_table",
    "usual_cosine",
]
