"""Prefect's UI as people use it: each deployment's form is filled in, in a browser, and its run is seen to end."""
