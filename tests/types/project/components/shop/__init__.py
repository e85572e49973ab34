"""What is sold, and who learns to sell it."""
