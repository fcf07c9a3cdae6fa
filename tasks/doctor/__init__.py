"""What a raising would stumble over, found before it."""
