"""What the doctor says, on a page."""
