"""Continuous batching: every step gives each request that decodes its next token, and prompts a piece of their turn.

The engine gives requests their answers: it applies commands between steps, makes text of tokens and decides when a
request has had enough. What is computed is the schedule's business. On rank 0 of several every order that the schedule
gets is also told to the other ranks.
"""

from collections.abc import Callable, Mapping, Set
from typing import Any

from muster_runner.answer import Answer
from muster_runner.answer_rules import AnswerRules
from muster_runner.cache_layers import Footprint
from muster_runner.checkpoints import checkpoints, turn_marks
from muster_runner.decoding import DecodingBatch
from muster_runner.engine_options import EngineOptions
from muster_runner.guessing import Guesser
from muster_runner.intake import Prepared, Rejected, refused_alone
from muster_runner.lockstep import Order
from muster_runner.logprobs import Logprobs
from muster_runner.memory_pressure import MemoryPressure
from muster_runner.sampling import drawing
from muster_runner.schedule import Schedule, clear
from muster_runner.sequence import Drawn
from muster_runner.tokenizer import Tokenizer
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.tower import Tower

Emit = Callable[..., None]

NO_NUMBERS = "the model computed no numbers here, only overflow: its weights are damaged, or its precision is too low"


class Engine:
    """One model's live requests. Not thread-safe: one thread applies commands and steps.

    ``tell`` hears every order that changes the schedule, ``watch`` every token that is drawn; ``drawn`` is the last
    step's tokens in the batch's order. ``tower``: what looks at pictures, if the model has it.
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
        self.cache = options.cache
        guesser = Guesser(options.draft, options.lookahead) if options.speculates else None
        self._batch = DecodingBatch(model, options.lookahead, options.able.batch, options.pass_tokens, guesser)
        self._schedule = Schedule(
            model,
            options.able,
            self._batch,
            self.cache,
            options.prefill,
            options.budget,
            self._say_progress,
            self._say_queued,
            options.restores_in_step,
        )
        self._pressure = MemoryPressure(options.budget.total, options.claimed)
        self._marks = turn_marks(tokenizer)
        self.tell: Callable[[Order], None] = lambda _order: None
        self.watch: Callable[[Drawn], None] = lambda _drawn: None
        self.drawn: list[int] = []

    @property
    def active(self) -> int:
        """Requests that have not ended."""
        return self._schedule.active

    @property
    def steps(self) -> int:
        return self._schedule.steps

    @property
    def measured(self) -> Footprint | None:
        """Of the caches of requests, once one has ended."""
        return self._schedule.measured

    @property
    def mark(self) -> int:
        """Of all that was computed up to the last step; see Schedule."""
        return self._schedule.mark

    def add(self, prepared: Prepared) -> None:
        """Lets a request join at the next step. Raises Rejected."""
        task_id = prepared.request.task_id
        if task_id in self._answers:
            raise Rejected("invalid_request", f"the task {task_id} is already running")
        with refused_alone("its settings cannot be used"):
            draws = drawing(prepared.request.sampling, self._options.generation_config, prepared.constraint)
            channels = self._rules.channels(prepared.request, prepared.tokens)
            answer = Answer(prepared, channels, self._ends_of(prepared), self._logprobs)
        pictures = self._seen(prepared)
        self._answers[task_id] = answer
        exact = self.cache is not None and self.cache.exact
        stops = checkpoints(prepared.tokens, self._marks) if exact else []
        tokens = prepared.tokens if pictures is None else pictures.keys
        self._schedule.join(task_id, tokens, draws, stops, pictures)
        self.tell(("join", task_id, [prepared.tokens, stops]))

    def _seen(self, prepared: Prepared) -> PicturePrompt | None:
        """Raises Rejected."""
        if self._tower is None or prepared.pictured is None:
            return None
        with refused_alone("its pictures cannot be looked at"):
            return self._tower.prompt(prepared.pictured)

    def _ends_of(self, prepared: Prepared) -> Set[int]:
        """The tokens that end its answer; a constrained one always ends where its form is complete."""
        ignored = prepared.request.sampling.ignore_eos and prepared.constraint is None
        return frozenset() if ignored else self._tokenizer.eos_token_ids

    def cancel(self, task_id: str) -> None:
        """Ends a request before the next step; what it computed is kept for a later one. Unknown ids do nothing."""
        if task_id in self._answers:
            self._end({task_id: "cancelled"})

    @property
    def restored(self) -> int:
        """See Schedule."""
        return self._schedule.restored

    def guess(self) -> None:
        """Guesses what the next step is fed, before other ranks take it too."""
        if guesses := self._batch.guess():
            self.tell(("guess", "", guesses))

    def step(self, restored: int = 0) -> None:
        """Some tokens of prompts, then a token for every request that decodes. ``restored``: see Schedule."""
        if (total := self._pressure.changed()) is not None:
            self._schedule.resize(total)
            self.tell(("resize", "", total))
        items: list[dict[str, Any]] = []
        ended: dict[str, str | Rejected] = {}
        drawn = self._schedule.step(restored)
        if self._batch.taken is not None:
            self.tell(("take", "", self._batch.taken))
        for news in drawn:
            if news.task_id in ended:
                # Guessed and drawn after the answer's end.
                continue
            self.watch(news)
            answer = self._answers[news.task_id]
            if not news.finite:
                ended[news.task_id] = Rejected("runner_failed", NO_NUMBERS)
                continue
            try:
                if news.error:
                    with refused_alone("its settings cannot be followed"):
                        raise news.error
                with refused_alone("its tokens make no text"):
                    item = answer.add(news.token, news.logprobs)
            except Rejected as error:
                ended[news.task_id] = error
                continue
            if item:
                items.append(item)
            if answer.reason:
                ended[news.task_id] = answer.reason
        # Of each the last, which it is fed next.
        self.drawn = list({news.task_id: news.token for news in drawn}.values())
        if items:
            self._emit(type="tokens", items=items)
        self._end(ended, sound=all(news.finite for news in drawn))
        if not self.active:
            clear()

    def rest(self) -> None:
        """With nothing live: there is nobody else to be sent to sleep."""

    def _end(self, ended: Mapping[str, str | Rejected], sound: bool = True) -> None:
        """``ended``: by task, why its answer is over, or why it cannot be given. ``sound``: all were numbers."""
        if not ended:
            return
        answers = {task_id: self._answers.pop(task_id) for task_id in ended}
        for task_id, answer in answers.items():
            answer.cached_tokens = self._schedule.cached(task_id)
        self._schedule.leave(list(ended))
        if not sound:
            # What it computed is of no use to anybody.
            self._schedule.forget()
        self.tell(("leave", list(ended), sound))
        for task_id, answer in answers.items():
            reason = ended[task_id]
            if isinstance(reason, Rejected):
                self._emit(type="rejected", taskId=task_id, code=reason.code, message=str(reason))
            else:
                self._emit(**answer.finished(reason))

    def _say_progress(self, task_id: str, done: int, total: int) -> None:
        self._emit(type="prompt", taskId=task_id, processed=done, total=total)

    def _say_queued(self, task_id: str, ahead: int, total: int) -> None:
        self._emit(type="prompt", taskId=task_id, processed=0, total=total, ahead=ahead)
