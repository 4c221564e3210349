# make setup  creates .venv with amika, amika-agent and amika-tray
# make run    runs the main job on the embedded local workspace
# make test   runs every check and every test
.PHONY: setup
setup: .venv/.ready

.venv/.ready: requirements/run.txt requirements/bootstrap.txt pyproject.toml
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes -r requirements/bootstrap.txt
	.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements/run.txt
	.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	touch .venv/.ready
