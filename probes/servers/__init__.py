"""What kinds of servers there are: how they are asked, how their answers read, what they say about themselves."""
