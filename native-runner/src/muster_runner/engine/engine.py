"""The engine: continuous batching. Every step decodes a token for each decoding request, and prefills part of a prompt.

The engine applies commands between steps, encodes a picture in each (``picture_queue.py``), turns tokens into text and
ends answers; the scheduler (``schedule.py``) decides what else is computed. On rank 0 of several every order to the
scheduler is also broadcast to the other ranks.
"""

from collections.abc import Callable, Mapping, Set
from typing import Any

from muster_runner.cache.block_layout import Measured
from muster_runner.cache.checkpoints import checkpoints, turn_marks
from muster_runner.cache.memory_pressure import MemoryPressure
from muster_runner.distributed.lockstep import Order
from muster_runner.engine.answer import Answer
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.intake import Prepared, Rejected, refused_alone
from muster_runner.engine.picture_queue import PictureQueue, Unseen
from muster_runner.engine.proposer import Proposer
from muster_runner.engine.schedule import Schedule, clear
from muster_runner.engine.sequence import SampledToken
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.sampling.logprobs import Logprobs
from muster_runner.sampling.sampling import SamplingPipeline, sampling_pipeline
from muster_runner.tokenization.tokenizer import Tokenizer
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.tower import Tower

Emit = Callable[..., None]

# At most 1/CHECKPOINT_PART of the budget is for the states of one prompt's earlier turns.
CHECKPOINT_PART = 4
UNREADABLE = "its pictures cannot be read"
NO_NUMBERS = "the model computed no numbers here, only overflow: its weights are damaged, or its precision is too low"


class Engine:
    """One model's live requests. Not thread-safe: one thread applies commands and steps.

    ``on_order`` is called with every order to the scheduler, ``watch`` with every sampled token; ``drawn``: the tokens
    of the last step, in batch order. ``tower``: the vision tower, if the model has one.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        rules: AnswerRules,
        options: EngineOptions,
        emit: Emit,
        tower: Tower | None = None,
    ):
        self._tower = tower
        self._tokenizer, self._options, self._emit = tokenizer, options, emit
        self._logprobs = Logprobs(tokenizer)
        self._rules = rules
        self._answers: dict[str, Answer] = {}
        self._unseen = PictureQueue()
        self.cache = options.cache
        proposer = Proposer(options.draft, options.lookahead) if options.speculates else None
        able = options.able
        self._batch = DecodingBatch(
            model, options.lookahead, able.batch, options.pass_tokens, proposer, able.one_pass, options.margin
        )
        self._schedule = Schedule(
            model,
            options.able,
            self._batch,
            self.cache,
            options.prefill,
            options.budget,
            self._emit_begun,
            self._emit_progress,
            self._emit_queued,
            options.restores_in_step,
        )
        self._pressure = MemoryPressure(options.budget.total, options.claimed)
        self._marks = turn_marks(tokenizer)
        self.on_order: Callable[[Order], None] = lambda _order: None
        self.watch: Callable[[SampledToken], None] = lambda _drawn: None
        self.drawn: list[int] = []

    @property
    def active(self) -> int:
        """The number of unfinished requests."""
        return self._schedule.active + len(self._unseen)

    @property
    def steps(self) -> int:
        return self._schedule.steps

    @property
    def measured(self) -> Measured | None:
        """What was measured of the caches, once a request has ended."""
        return self._schedule.measured

    @property
    def mark(self) -> int:
        """The checksum of the schedule after the last step; see Schedule."""
        return self._schedule.mark

    def add(self, prepared: Prepared) -> None:
        """Queues a request for the next step. Raises Rejected."""
        task_id = prepared.request.task_id
        if task_id in self._answers:
            raise Rejected("invalid_request", f"the task {task_id} is already running")
        with refused_alone("its settings cannot be used"):
            sampling = sampling_pipeline(
                prepared.request.sampling, self._options.generation_config, prepared.constraint
            )
            channels = self._rules.channels(prepared.request, prepared.tokens)
            answer = Answer(prepared, channels, self._end_tokens(prepared), self._logprobs)
        if self._tower is None or prepared.pictured is None:
            self._join(task_id, prepared.tokens, sampling)
        else:
            with refused_alone(UNREADABLE):
                self._unseen.append(Unseen(task_id, prepared.tokens, sampling, self._tower.begin(prepared.pictured)))
        self._answers[task_id] = answer

    def _join(
        self, task_id: str, prompt: list[int], sampling: SamplingPipeline, pictures: PicturePrompt | None = None
    ) -> None:
        stops = self._checkpoints(prompt)
        self._schedule.join(task_id, prompt if pictures is None else pictures.keys, sampling, stops, pictures)
        self.on_order(("join", task_id, [prompt, stops]))

    def _checkpoints(self, tokens: list[int]) -> list[int]:
        """Returns the positions of a prompt at which states are cached; those of earlier turns only as far as their
        states fit into a part of the budget."""
        if self.cache is None or not self.cache.exact:
            return []
        room = self._options.budget.total // CHECKPOINT_PART // max(1, self.cache.footprint.state(len(tokens)))
        return checkpoints(tokens, self._marks, room)

    def _encode_picture(self) -> None:
        """Encodes a picture of the request whose turn it is. It joins the schedule with its last one."""
        if (unseen := self._unseen.take()) is None:
            return
        try:
            with refused_alone(UNREADABLE):
                unseen.pictures.advance()
                pictures = unseen.pictures.prompt() if unseen.pictures.is_done else None
        except Rejected as error:
            del self._answers[unseen.task_id]
            self._emit_rejected(unseen.task_id, error)
            return
        if pictures is None:
            self._unseen.append(unseen)
        else:
            self._join(unseen.task_id, unseen.tokens, unseen.sampling, pictures)

    def _end_tokens(self, prepared: Prepared) -> Set[int]:
        """Returns the tokens that end the answer. A constrained answer always ends when its grammar is complete."""
        ignored = prepared.request.sampling.ignore_eos and prepared.constraint is None
        return frozenset() if ignored else self._tokenizer.eos_token_ids

    def cancel(self, task_id: str) -> None:
        """Ends a request before the next step; its KV goes to the prefix cache. Unknown ids are ignored."""
        if self._unseen.remove(task_id):
            self._emit(**self._answers.pop(task_id).finished("cancelled"))
        elif task_id in self._answers:
            self._end({task_id: "cancelled"})

    @property
    def restored(self) -> int:
        """See Schedule."""
        return self._schedule.restored

    def prepare(self, others_short: bool) -> None:
        """Decides what other ranks must know before the next step, and broadcasts it: the memory budget and draft
        tokens. ``others_short``: whether another rank's machine is short of memory."""
        self._follow_memory(others_short)
        if drafts := self._batch.propose():
            self.on_order(("draft", "", drafts))

    def _follow_memory(self, others_short: bool = False) -> None:
        if (total := self._pressure.changed(others_short)) is not None:
            self._schedule.resize(total)
            self.on_order(("resize", "", total))

    def step(self) -> None:
        """Encodes a picture, runs a step of the schedule and sends its tokens."""
        self._encode_picture()
        self._follow_memory()
        self.step_prepared()

    def step_prepared(self, restored: int = 0) -> None:
        """Runs a step of which the other ranks know by ``prepare``. ``restored``: see Schedule."""
        items: list[dict[str, Any]] = []
        ended: dict[str, str | Rejected] = {}
        drawn = self._schedule.step(restored)
        if self._batch.taken is not None:
            self.on_order(("take", "", self._batch.taken))
        for task_id, drafted, accepted in self._batch.verified:
            self._answers[task_id].count_drafts(drafted, accepted)
        for drawn_token in drawn:
            if drawn_token.task_id in ended:
                # Speculative tokens after the end of the answer.
                continue
            self.watch(drawn_token)
            answer = self._answers[drawn_token.task_id]
            if not drawn_token.finite:
                ended[drawn_token.task_id] = Rejected("runner_failed", NO_NUMBERS)
                continue
            try:
                if drawn_token.error:
                    with refused_alone("its settings cannot be followed"):
                        raise drawn_token.error
                with refused_alone("its tokens make no text"):
                    item = answer.add(drawn_token.token, drawn_token.logprobs)
            except Rejected as error:
                ended[drawn_token.task_id] = error
                continue
            if item:
                items.append(item)
            if answer.reason:
                ended[drawn_token.task_id] = answer.reason
        # The last token of each request, which is fed next.
        self.drawn = list({drawn_token.task_id: drawn_token.token for drawn_token in drawn}.values())
        if items:
            self._emit(type="tokens", items=items)
        self._end(ended, sound=all(drawn_token.finite for drawn_token in drawn))
        if not self.active:
            clear()

    def _end(self, ended: Mapping[str, str | Rejected], sound: bool = True) -> None:
        """Ends requests. ``ended``: the finish reason or error by task. ``sound``: all logits of the step were
        finite."""
        if not ended:
            return
        answers = {task_id: self._answers.pop(task_id) for task_id in ended}
        for task_id, answer in answers.items():
            answer.cached_tokens = self._schedule.cached(task_id)
            answer.restored = self._schedule.restored_tokens(task_id)
        self._schedule.leave(list(ended))
        if not sound:
            # Cached KV may contain NaN.
            self._schedule.forget()
        self.on_order(("leave", list(ended), sound))
        for task_id, answer in answers.items():
            reason = ended[task_id]
            if isinstance(reason, Rejected):
                self._emit_rejected(task_id, reason)
            else:
                self._emit(**answer.finished(reason))

    def _emit_rejected(self, task_id: str, error: Rejected) -> None:
        self._emit(type="rejected", taskId=task_id, code=error.code, message=str(error))

    def _emit_begun(self, task_id: str, cached: int, total: int) -> None:
        self._emit(type="prompt", taskId=task_id, processed=cached, total=total, cached=cached)

    def _emit_progress(self, task_id: str, done: int, total: int) -> None:
        self._emit(type="prompt", taskId=task_id, processed=done, total=total)

    def _emit_queued(self, task_id: str, ahead: int, total: int) -> None:
        self._emit(type="prompt", taskId=task_id, processed=0, total=total, ahead=ahead)
