"""Importers: each turns the bytes of one public list of prices into the book's own records. None of them opens a socket."""
