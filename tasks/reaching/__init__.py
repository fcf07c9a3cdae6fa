"""How a machine is reached: what is read of an environment's machines, and a pure choice among the ways to one."""
