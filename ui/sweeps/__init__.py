"""The page Sweeps: what is varied, how far its runs are, their figures as a table and their maps as a grid."""
