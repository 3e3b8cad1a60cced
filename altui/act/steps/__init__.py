"""Step kinds: the verbs that change the world."""
