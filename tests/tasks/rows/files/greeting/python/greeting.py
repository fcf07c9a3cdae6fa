WORD = "Ave"
