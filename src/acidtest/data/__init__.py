"""Files, hubs and other tools' tables, read into items and scores."""
