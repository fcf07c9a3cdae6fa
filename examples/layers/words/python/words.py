"""Words that several functions say."""

GREETING = "Ave"
FAREWELL = "Vale"
