"""What the Compare page is made of: the choice of models, their table, and pictures of each side by side."""
