"""Publishing a folder to a bucket, release by release."""
