# Needs Python 3.11 or newer, make and the package registries. `make` alone lists what there is.
PYTHON  ?= python3
PORT    ?= 8501
ADDRESS ?= 127.0.0.1

# Relative paths only, so that the checkout may lie in a folder with spaces in its name.
PY        := .venv/bin/python
PIP       := $(PY) -m pip --disable-pip-version-check
STREAMLIT := $(PY) -m streamlit run app.py --server.port "$(PORT)" --server.address "$(ADDRESS)"
ifneq ($(ADDRESS),127.0.0.1)
STREAMLIT += --server.allowedHosts "*"  # opened on purpose: others know this machine by names that are not known here
endif

.PHONY: help setup app dev test test-slow test-gpu lint checkpoints classifiers port-free browser
.DELETE_ON_ERROR:

help:
	@echo "make setup        the virtual environment .venv, with what app and tests need"
	@echo "make app          serve the app on http://$(ADDRESS):$(PORT) (PORT=8600 ADDRESS=0.0.0.0 to change)"
	@echo "make dev          the same, reloading when a file changes, errors shown in full"
	@echo "make test         every test but the slow ones and those for a GPU"
	@echo "make test-slow    the slow ones        make test-gpu    those for a GPU"
	@echo "make lint         ruff and mypy"
	@echo "make checkpoints  train the shipped models anew        make classifiers  the shipped classifier"

# --- the environment -------------------------------------------------------------------------------------------
# A stamp is as old as the last install that went through: a changed requirements file makes it due again.

$(PY):
	@command -v "$(PYTHON)" >/dev/null || { echo "error: $(PYTHON) was not found: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is $$("$(PYTHON)" --version 2>&1), but 3.11 or newer is needed: name one with make PYTHON=python3.11." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) cannot make virtual environments: install its venv module (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/.stamp-app: requirements.txt | $(PY)
	$(PIP) install -r requirements.txt
	@touch $@

.venv/.stamp-dev: requirements-dev.txt .venv/.stamp-app
	$(PIP) install -r requirements-dev.txt
	@touch $@

setup: .venv/.stamp-dev

# --- the app ---------------------------------------------------------------------------------------------------
# What both have in common, the loopback address and the theme among it, stands in .streamlit/config.toml.

app: .venv/.stamp-app port-free
	exec $(STREAMLIT)

dev: .venv/.stamp-app port-free
	exec $(STREAMLIT) --server.fileWatcherType auto --server.runOnSave true --client.showErrorDetails full

port-free: .venv/.stamp-app
	@$(PY) -c 'import socket, sys; socket.create_server((sys.argv[1], int(sys.argv[2]))).close()' "$(ADDRESS)" "$(PORT)" 2>/dev/null \
	|| { echo "error: cannot listen on $(ADDRESS), port $(PORT): it is in use or not allowed; choose another one: make app PORT=8600." >&2; exit 1; }

# --- the checks ------------------------------------------------------------------------------------------------

# Two processes, one for each core.
test: .venv/.stamp-dev browser
	$(PY) -m pytest -n 2 --dist loadgroup

test-slow: .venv/.stamp-dev browser
	$(PY) -m pytest -m "slow and not gpu" -o timeout=3600

test-gpu: .venv/.stamp-dev
	$(PY) -m pytest -m gpu -o timeout=1800

lint: .venv/.stamp-dev
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

# Finds a Chromium or Chrome, or installs one where it can; without one it says so and the browser tests are skipped.
browser: .venv/.stamp-dev
	@$(PY) tests/browser/find_chromium.py --install || true

# --- the shipped models ----------------------------------------------------------------------------------------

# One thread: the same bits on the same kind of CPU. About an hour on one core; a target that was cut short goes on
# where it was, one that was done begins anew. Half precision keeps each below 4 MB; the cards' figures are measured on the halved weights.
SHIPPED := digits-2d mnist-2d fashion-2d mnist-16d mnist-2d-ae mnist-2d-cvae mnist-2d-beta0.1 mnist-2d-beta8 mnist-2d-gaussian \
           mnist-2d-dae mnist-2d-gan shapes-6d
OPTIONS_digits-2d  := --dataset digits --latent-dim 2 --epochs 150
OPTIONS_mnist-2d   := --dataset mnist --latent-dim 2 --epochs 100
OPTIONS_fashion-2d := --dataset fashion-mnist --latent-dim 2 --epochs 50
OPTIONS_mnist-16d  := --dataset mnist --latent-dim 16 --hidden 512,384 --epochs 40
SMALL := --dataset mnist --latent-dim 2 --hidden 256,128 --learning-rate 0.002
OPTIONS_mnist-2d-ae       := $(SMALL) --family ae --epochs 60
OPTIONS_mnist-2d-cvae     := $(SMALL) --family cvae --epochs 60
OPTIONS_mnist-2d-beta0.1  := $(SMALL) --beta 0.1 --epochs 30
OPTIONS_mnist-2d-beta8    := $(SMALL) --beta 8.0 --epochs 30
OPTIONS_mnist-2d-gaussian := $(SMALL) --likelihood gaussian --epochs 30
OPTIONS_mnist-2d-dae      := $(SMALL) --family dae --epochs 30
OPTIONS_mnist-2d-gan      := --dataset mnist --latent-dim 2 --hidden 256,128 --family gan --epochs 25 --learning-rate 0.0003 --schedule constant
OPTIONS_shapes-6d         := --dataset shapes --family beta-tcvae --network conv --hidden 16,32,64 --activation relu --latent-dim 6 --epochs 80 \
                             --batch-size 256 --learning-rate 0.002 --beta 6.0 --weights-dtype float32

checkpoints: $(addprefix checkpoint-,$(SHIPPED))

checkpoint-%: .venv/.stamp-app
	if [ -d "checkpoints/local/$*-new" ]; then \
		$(PY) -m vae_core train --resume --name "$*-new" --checkpoints-dir checkpoints/local; \
	else \
		$(PY) -m vae_core train --name "$*-new" --checkpoints-dir checkpoints/local --learning-rate 0.001 --weights-dtype float16 $(OPTIONS_$*) --seed 0 --threads 1; \
	fi
	mkdir -p "checkpoints/$*"
	cd "checkpoints/local/$*-new" && cp card.json model.safetensors latents.npz history.jsonl "../../$*/"
	rm -rf "checkpoints/local/$*-new"

# MNIST's, whose features samples are compared by: a minute on one core. Other sets' are trained where they are needed.
define CLASSIFIER
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.data import load_dataset
from vae_core.metrics.classifier import save_classifier, train_classifier
data = load_dataset("mnist")
save_classifier(SHIPPED_DIR / "classifiers" / data.checksum[:16], train_classifier(data))
endef
export CLASSIFIER

classifiers: .venv/.stamp-app
	OMP_NUM_THREADS=1 $(PY) -c "$$CLASSIFIER"
