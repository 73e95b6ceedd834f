"""Reading and writing images, listing folders, pairs and boxes; needs no mm* package."""
