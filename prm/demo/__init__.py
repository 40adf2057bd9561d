"""What the demo is made of: invented organisations and the program that is run with them."""
