"""What people think of posts."""
