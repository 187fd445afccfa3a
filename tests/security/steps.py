"""How much work a regular expression may cause: a backtracking matcher that counts its steps, and texts that make it work hardest.

The matcher follows Python's own parse of the expression and tries alternatives in the order in which `re` does, so that its steps grow as those of
`re` do. Nothing is timed.
"""

from __future__ import annotations

import sre_constants as sre
import sre_parse
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

#: More steps than this on a short text are a finding by themselves.
CAP = 3_000_000
Test = Callable[[str], bool]


class TooMuch(Exception):
    """The cap was reached."""


class Program:
    """An expression as instructions of a backtracking machine."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.tree = sre_parse.parse(pattern, flags)
        self.ignore_case = bool(self.tree.state.flags & 2)
        self.code: list[tuple[Any, ...]] = []
        self._emit(self.tree)
        self.code.append(("match",))

    def _emit(self, tree: Any) -> None:
        for op, arg in tree:
            self._one(op, arg)

    def _one(self, op: Any, arg: Any) -> None:
        code = self.code
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY):
            code.append(("char", self._test(op, arg)))
        elif op is sre.AT:
            code.append(("at", arg))
        elif op is sre.SUBPATTERN:
            code.append(("open", arg[0]))
            self._emit(arg[3])
            code.append(("close", arg[0]))
        elif op is sre.GROUPREF:
            code.append(("again", arg))
        elif op is sre.BRANCH:
            ends = []
            for i, branch in enumerate(arg[1]):
                if i < len(arg[1]) - 1:
                    split = len(code)
                    code.append(())
                    self._emit(branch)
                    ends.append(len(code))
                    code.append(())
                    code[split] = ("split", split + 1, len(code))
                else:
                    self._emit(branch)
            for end in ends:
                code[end] = ("jump", len(code))
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            self._repeat(op is sre.MAX_REPEAT, *arg)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            inner = Program.__new__(Program)
            inner.tree, inner.ignore_case, inner.code = arg[1], self.ignore_case, []
            inner._emit(arg[1])
            inner.code.append(("match",))
            code.append(("look", op is sre.ASSERT, arg[0], inner))
        else:
            raise NotImplementedError(f"{op} is not counted; write the expression without it")

    def _repeat(self, greedy: bool, low: int, high: int, body: Any) -> None:
        code = self.code
        for _ in range(low):
            self._emit(body)
        if high is sre.MAXREPEAT or high == sre.MAXREPEAT:
            start = len(code)
            code.append(())
            code.append(("mark", start))
            self._emit(body)
            code.append(("loop", start))
            code[start] = ("split", start + 1, len(code)) if greedy else ("split", len(code), start + 1)
            return
        skips = []
        for _ in range(high - low):
            skips.append(len(code))
            code.append(())
            self._emit(body)
        for at in skips:
            code[at] = ("split", at + 1, len(code)) if greedy else ("split", len(code), at + 1)

    def _test(self, op: Any, arg: Any) -> Test:
        if op is sre.ANY:
            return lambda ch: ch != "\n"
        if op is sre.LITERAL:
            if self.ignore_case:
                return lambda ch: ch.lower() == chr(arg).lower()
            return lambda ch: ord(ch) == arg
        if op is sre.NOT_LITERAL:
            return lambda ch: ord(ch) != arg
        negate = arg[0][0] is sre.NEGATE
        tests = [self._member(o, a) for o, a in arg if o is not sre.NEGATE]
        return lambda ch: any(t(ch) for t in tests) != negate

    def _member(self, op: Any, arg: Any) -> Test:
        if op is sre.LITERAL:
            return self._test(op, arg)
        if op is sre.RANGE:
            low, high = arg
            if self.ignore_case:
                return lambda ch: low <= ord(ch.lower()) <= high or low <= ord(ch.upper()) <= high
            return lambda ch: low <= ord(ch) <= high
        kind = str(arg)
        what: Test = str.isdigit if "DIGIT" in kind else str.isspace if "SPACE" in kind else _word
        return (lambda ch: not what(ch)) if "NOT" in kind else what

    def run(self, text: str, start: int, spent: list[int]) -> int:
        """Where a match that begins at `start` ends, -1 without one; adds the steps to `spent`. Raises TooMuch."""
        stack: list[tuple[int, int, dict[Any, Any]]] = [(0, start, {})]
        code, size = self.code, len(text)
        while stack:
            pc, at, marks = stack.pop()
            while True:
                spent[0] += 1
                if spent[0] > CAP:
                    raise TooMuch
                op = code[pc]
                if op[0] == "char":
                    if at >= size or not op[1](text[at]):
                        break
                    pc, at = pc + 1, at + 1
                elif op[0] == "split":
                    stack.append((op[2], at, marks))
                    pc = op[1]
                elif op[0] == "jump":
                    pc = op[1]
                elif op[0] == "mark":
                    marks = {**marks, op[1]: at}
                    pc += 1
                elif op[0] == "loop":
                    if marks.get(op[1]) == at:  # an empty round is not repeated
                        break
                    pc = op[1]
                elif op[0] == "open":
                    marks = {**marks, ("open", op[1]): at}
                    pc += 1
                elif op[0] == "close":
                    marks = {**marks, ("text", op[1]): (marks[("open", op[1])], at)}
                    pc += 1
                elif op[0] == "again":
                    first, last = marks.get(("text", op[1]), (0, -1))
                    if last < first or not text.startswith(text[first:last], at):
                        break
                    at, pc = at + last - first, pc + 1
                elif op[0] == "at":
                    if not _at(str(op[1]), text, at):
                        break
                    pc += 1
                elif op[0] == "look":
                    if self._look(op, text, at, spent) != op[1]:
                        break
                    pc += 1
                else:
                    return at
        return -1

    def _look(self, op: tuple[Any, ...], text: str, at: int, spent: list[int]) -> bool:
        _, _, direction, inner = op
        if direction > 0:
            return bool(inner.run(text, at, spent) >= 0)
        low, _ = inner.tree.getwidth()
        return at >= low and bool(inner.run(text[:at], at - low, spent) >= 0)

    def search(self, text: str) -> int:
        """Steps of looking for it everywhere in `text`, as `finditer` does: on from the end of each match."""
        spent, start = [0], 0
        while start <= len(text):
            end = self.run(text, start, spent)
            start = max(end, start + 1)
        return spent[0]


def _word(ch: str) -> bool:
    return ch == "_" or ch.isalnum() or unicodedata.category(ch) in ("Lo", "Ll", "Lu", "Nd")


def _at(kind: str, text: str, at: int) -> bool:
    if "BEGINNING" in kind:
        return at == 0
    if "END" in kind:
        return at == len(text) or ("STRING" not in kind and at == len(text) - 1 and text[at] == "\n")
    before = at > 0 and _word(text[at - 1])
    after = at < len(text) and _word(text[at])
    return (before != after) != ("NON" in kind)


# -- texts that make it work ---------------------------------------------------------------------------------------------


def sample(tree: Any) -> str:
    """A short text that the tree (mostly) matches."""
    out = []
    for op, arg in tree:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY):
            out.append(_representative(op, arg))
        elif op is sre.SUBPATTERN:
            out.append(sample(arg[3]))
        elif op is sre.BRANCH:
            out.append(sample(arg[1][0]))
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            out.append(sample(arg[2]) * max(1, min(arg[0], 3)))
    return "".join(out)


_COMMON = "一1a A.,<:-天中x0年\t"


def _representative(op: Any, arg: Any) -> str:
    if op is sre.LITERAL:
        return chr(arg)
    test = Program.__new__(Program)
    test.ignore_case = False
    wanted = test._test(op, arg)
    for ch in _COMMON:
        if wanted(ch):
            return ch
    for o, a in arg if op is sre.IN else ():
        if o is sre.LITERAL:
            return chr(a)
        if o is sre.RANGE:
            return chr(a[0])
    return "\x00"


def _repeats(tree: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """(what stands before, one round) of each repetition."""
    for op, arg in tree:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            if arg[1] > 8:
                yield before, sample(arg[2])
            yield from _repeats(arg[2], before)
        elif op is sre.SUBPATTERN:
            yield from _repeats(arg[3], before)
        elif op is sre.BRANCH:
            for branch in arg[1]:
                yield from _repeats(branch, before)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _repeats(arg[1], before)
        before += sample([(op, arg)])


def attacks(program: Program, n: int) -> list[str]:
    """Texts of about `n` characters: each repetition pumped, behind what leads to it and broken off; its beginning over and over; single characters."""
    pumps = list(dict.fromkeys(_repeats(program.tree)))
    made = []
    for before, round_ in pumps:
        if round_:
            made += [before + round_ * (n // len(round_)) + "\x00", round_ * (n // len(round_)) + "\x00"]
            start = before + round_
            made.append(start * (n // len(start)) + "\x00")
    whole = sample(program.tree)
    if whole:
        made.append(whole * (n // len(whole)))
        made.append(whole[:-1] * (n // max(1, len(whole) - 1)) if len(whole) > 1 else whole * n)
    return list(dict.fromkeys(t for t in made if t))
