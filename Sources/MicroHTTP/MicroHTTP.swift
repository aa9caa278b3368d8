// Laid out in the commits that follow.
