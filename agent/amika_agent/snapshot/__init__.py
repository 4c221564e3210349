"""What everyone is shown: facts in, one object without values out."""
