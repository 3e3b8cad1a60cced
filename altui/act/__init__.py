"""What changes the world: planners, steps, jobs. Needs a Permit."""
