"""The doctor: reads a run's record and model, names what is wrong, shows why, and says what to change."""
