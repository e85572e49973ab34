"""What an application needs before its first request, and the rows that it begins with."""
