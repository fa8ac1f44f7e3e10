"""What the desk does when the world misbehaves: acts at the same moment, killed programs, databases that go away."""
