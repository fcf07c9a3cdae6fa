"""Ready-made blueprints, and how they are taken under a name, a region and a size of one's own."""
