WORD = "Vale"
