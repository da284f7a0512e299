"""One run: the trial that this process trains. Rows are kept and sent as W&B keeps and sends them."""

import atexit
import os
import sys
import tempfile

from . import errors
from ._artifact import Artifact
from ._config import Config, Summary, as_dict
from ._events import PROTOCOL, Events, environment, say_once, trial_document
from ._values import StandIn, flat_numbers

_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK")


def _is_later_rank():
    """Whether the trial has several processes and this is not its first. A rank that sweep was started with is none."""
    outer = os.environ.get("SWEEP_OUTER_RANKS", "").split()
    ranks = {name: os.environ.get(name, "") for name in _RANKS}
    return any(rank not in ("", "0") and name + "=" + rank not in outer for name, rank in ranks.items())


class Process:
    """What the process says of itself: `started` once, `finished` when it ends well. Made by the first init()."""

    def __init__(self):
        self.trial = trial_document()
        self.events = None
        self.failed = False
        self.run = None
        self.step = 0
        if self.trial is None:
            say_once("SWEEP_TRIAL is not set, so nothing is recorded; 'sweep run' sets it")
        elif _is_later_rank():
            pass  # of several processes of one trial the first one speaks
        else:
            self._begin()

    def _begin(self):
        path = os.environ.get("SWEEP_EVENTS")
        if not path:
            raise errors.UsageError("SWEEP_TRIAL is set and SWEEP_EVENTS is not")
        self.events = Events(path)
        self.events.write("started", protocol=PROTOCOL, trainer="wandb", resumed_from=0, environment=environment())
        self._watch_the_end()
        atexit.register(self._end)

    def _watch_the_end(self):
        """An uncaught exception and sys.exit(1) are no good end; the exit code itself cannot be seen from here."""
        hook, leave = sys.excepthook, sys.exit

        def failing_hook(*args):
            self.failed = True
            hook(*args)

        def recording_exit(code=None):
            if code not in (None, 0):
                self.failed = True
            leave(code)

        sys.excepthook, sys.exit = failing_hook, recording_exit

    def _end(self):
        if not self.events.ours():
            return
        if self.run is not None:
            self.run._flush()
        if not self.failed:
            self.events.write("finished", outcome="completed", step=self.step)


class Run:
    """What wandb.init() returns."""

    def __init__(self, process, config=None, name=None, project=None, entity=None, group=None, job_type=None, tags=None,
                 notes=None, settings=None, disabled=False):
        self._process = process
        self._events = None if disabled else process.events
        trial = process.trial or {}
        self.config = Config(trial.get("config"))
        self.config.setdefaults(as_dict(config))
        self.summary = Summary(self._send_summary)
        self.id = os.environ.get("SWEEP_TRIAL_ID", "offline")
        self.sweep_id = os.environ.get("SWEEP_ID")
        self.name = name or self.id
        self.project, self.entity, self.group, self.job_type = project, entity, group, job_type
        self.tags, self.notes, self.settings = tuple(tags or ()), notes, settings
        self.url = self.sweep_url = self.project_url = None
        self.resumed, self.offline, self.disabled, self.starting_step = False, True, disabled, 0
        self._row, self._step, self._sent, self._folder, self._over = {}, 0, None, None, False

    # Rows. The row of a step is sent when it is complete: with the next step, with commit, or at the end.

    @property
    def step(self):
        return self._step

    def log(self, data, step=None, commit=None, sync=None, **kwargs):
        if not isinstance(data, dict):
            raise ValueError("wandb.log must be passed a dictionary")
        if any(not isinstance(key, str) for key in data):
            raise ValueError("Key values passed to `wandb.log` must be strings.")
        if self._over:
            raise errors.UsageError("log() after finish()")
        if step is not None:
            step = int(step)
            if step < self._step:
                say_once("step %d is smaller than the current step %d, this row is left out" % (step, self._step))
                return
            if step > self._step:
                self._flush()
                self._step = step
        self._row.update(data)
        if commit if commit is not None else step is None:
            self._flush()
            self._step += 1

    def _flush(self):
        row, self._row = self._row, {}
        if not row:
            return
        self._sent = self._step
        self.summary._logged(row)
        self._send(self._step, row)

    def _send(self, step, data):
        values = flat_numbers(data)
        epoch = values.get("epoch")
        if epoch is not None and epoch == epoch and 0 <= epoch < 2 ** 53 and epoch == int(epoch):
            epoch = int(values.pop("epoch"))
        else:
            epoch = None
        self._process.step = max(self._process.step, step)
        if self._events is not None:
            self._events.metric(step, epoch, values)

    def _send_summary(self, data):
        step = self._step if self._row or self._sent is None else self._sent
        self._send(step, data)

    # The end.

    def finish(self, exit_code=None, quiet=None):
        if self._over:
            return
        self._flush()
        self._over = True
        if exit_code:
            self._process.failed = True
        _forget(self)

    def join(self, exit_code=None):
        self.finish(exit_code)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.finish(0 if kind is None or (kind is SystemExit and value.code in (None, 0)) else 1)
        return False

    # Files and all that needs a server.

    @property
    def dir(self):
        if self._folder is None:
            kept = os.environ.get("SWEEP_CHECKPOINT_DIR")
            self._folder = os.path.join(kept, "wandb") if kept else tempfile.mkdtemp(prefix="wandb-")
            os.makedirs(self._folder, exist_ok=True)
        return self._folder

    def log_artifact(self, artifact=None, name=None, type=None, **kwargs):
        say_once("artifacts are not kept, the files stay where they are")
        return artifact if isinstance(artifact, Artifact) else Artifact(name or "", type or "")

    upsert_artifact = finish_artifact = log_model = link_artifact = link_model = log_artifact

    def use_artifact(self, artifact=None, type=None, **kwargs):
        say_once("there is no W&B server here, so no artifact can be fetched")
        return artifact if isinstance(artifact, Artifact) else Artifact(str(artifact), type or "")

    def use_model(self, name=None, **kwargs):
        return self.use_artifact(name).download()

    def save(self, *args, **kwargs):
        say_once("save() copies nothing, the files stay where they are")
        return []

    def restore(self, name=None, *args, **kwargs):
        raise errors.CommError("'%s' cannot be fetched, there is no W&B server here" % name)

    def alert(self, title="", text="", *args, **kwargs):
        say_once("alert: %s: %s" % (title, text))

    def define_metric(self, *args, **kwargs):
        return StandIn()

    def watch(self, *args, **kwargs):
        return StandIn()

    def unwatch(self, *args, **kwargs):
        pass

    log_code = mark_preempting = status = display = write_logs = unwatch

    def to_html(self, *args, **kwargs):
        return ""

    def get_url(self):
        return None

    get_project_url = get_sweep_url = get_url

    def project_name(self):
        return self.project

    def __repr__(self):
        return "<wandb run %s, recorded by sweep>" % self.id


_process = None
_forget = None  # set by the package: takes a finished run out of its names


def start(on_forget, config=None, reinit=None, mode=None, **kwargs):
    """The active run, or a new one. `kwargs` are those of init() that a Run keeps."""
    global _process, _forget
    if _process is None:
        _process = Process()
    _forget = on_forget
    run = _process.run
    if run is not None and not run._over and not reinit:
        run.config.setdefaults(as_dict(config))
        return run
    if run is not None and not run._over:
        run.finish()
    _process.run = Run(_process, config, disabled=mode == "disabled", **kwargs)
    if run is not None:  # steps go on, so that no step comes twice
        _process.run._step = _process.step + 1
    return _process.run
