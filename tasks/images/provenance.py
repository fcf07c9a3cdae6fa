"""Where an image comes from: the tags that say so, and which one of a name is the newest good one."""

IMAGE = "castra:image"  # the name it was built under
REFUSED = "castra:refused"  # when a rotation found it bad
