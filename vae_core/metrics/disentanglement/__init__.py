"""Disentanglement: how far each known factor of the images has a latent dimension of its own.

Protocol, the same for all four scores. Codes (N, D) are what the caller gives, posterior means in
`vae_core.metrics.steps`; a factor is a whole number that stands for one of its values, (N, F). Every factor counts as
one with unordered values, orientation among them: a value that two pictures share because of a symmetry has to be one
value in the table. There must be at least two dimensions, and each factor must take at least two values. Standard
errors come from 5 disjoint parts of the images (`vae_core.metrics.spread`) unless a score says otherwise; they do not
cover the spread between models trained with different seeds, which is larger.
"""

from vae_core.metrics.disentanglement.dci import Dci, dci
from vae_core.metrics.disentanglement.factor_vae import factor_vae_score
from vae_core.metrics.disentanglement.mig import mig
from vae_core.metrics.disentanglement.sap import sap

__all__ = ["Dci", "dci", "factor_vae_score", "mig", "sap"]
