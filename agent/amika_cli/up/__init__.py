"""`amika up`: the main job, once or live."""
