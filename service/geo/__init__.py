"""Where places are: the committed table of postcodes, and importers of official files."""
