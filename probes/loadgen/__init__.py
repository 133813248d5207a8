"""The load client: sends requests as told, from as many processes as it takes, and times their answers."""
