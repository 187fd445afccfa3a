"""What a text shows beside its n-grams: words of an agency's business, cues of disputes, and its form.

The model learns what each sign is worth, so a word of the lists counts although no example holds it.
"""

from __future__ import annotations

import re
from itertools import combinations

from bot.knowledge.loader import Knowledge
from bot.petition.pattern import WordIndex

#: What a cue hit is worth beside the model, in nats. Chosen on the project's own examples, not on evaluation data.
CUE_WEIGHT = 0.9
NEAR_WEIGHT = 0.35
#: How strong a sign stands beside an n-gram vector of length one. Chosen by cross-validation on the project's own stories.
CUE_SIGN, WORD_SIGN, FORM_SIGN, PAIR_SIGN = 0.15, 0.15, 0.1, 0.05
#: How many characters of the first and of the last sentence show what a letter is about and what it wants.
EDGE = 60
#: A form is looked for in so many characters: what a letter is, its first page says.
FORM_TEXT = 1_500
SENTENCE_END = re.compile(r"(?<=[。！？!?；;\n])")


def sentences(text: str) -> list[str]:
    """The sentences of `text` that say something."""
    return [s for s in SENTENCE_END.split(text) if len(s.strip()) > 3]


class SignReader:
    """Reads the signs that the knowledge base names."""

    def __init__(self, knowledge: Knowledge) -> None:
        lists: dict[tuple[str, str], tuple[str, ...]] = {
            ("agency", a.key): (*a.called, *a.words) for a in knowledge.agencies.values()
        }
        for d in knowledge.disputes.values():
            lists |= {("any", d.id): d.cues.any, ("near", d.id): d.cues.near, ("no", d.id): d.cues.no}
        self._words = WordIndex(lists)
        self._forms = [(name, re.compile(pattern)) for name, pattern in knowledge.forms.items()]

    def read(self, text: str) -> tuple[dict[str, float], dict[str, tuple[float, set[str]]]]:
        """Sign → strength (about 0 to 1), and per dispute its cue score with the words that hit."""
        hits = self._words.hits(text)
        signs, fired = self._form_signs(text), {}
        for owner, found in hits.items():
            kind, key = owner
            if kind == "agency":
                signs[f"agency {key}"] = WORD_SIGN * (1.0, 1.4, 1.7)[min(len(found), 3) - 1]
            elif kind == "any":
                near = hits.get(("near", key), set())
                score = min(len(found), 3) * CUE_WEIGHT + min(len(near), 4) * NEAR_WEIGHT
                score -= 2 * CUE_WEIGHT * len(hits.get(("no", key), ()))
                fired[key] = (score, found | near)
                signs[f"cue {key}"] = CUE_SIGN * min(max(score, 0.0), 3.0) / 3.0
        return signs, fired

    def _form_signs(self, text: str) -> dict[str, float]:
        """The forms of the whole text, each two of them together, and those of the first and the last sentence."""
        whole = self._forms_of(text[:FORM_TEXT])
        signs = {f"form {n}": FORM_SIGN for n in whole}
        signs |= {f"both {a}, {b}": PAIR_SIGN for a, b in combinations(whole, 2)}
        told = sentences(text)
        if len(told) > 1:
            signs |= {f"opens {n}": FORM_SIGN for n in self._forms_of(told[0][:EDGE])}
            signs |= {f"ends {n}": FORM_SIGN for n in self._forms_of(told[-1][-EDGE:])}
        signs[f"length {min(len(text) // 40, 6)}"] = FORM_SIGN
        return signs

    def _forms_of(self, text: str) -> list[str]:
        return [name for name, pattern in self._forms if pattern.search(text)]
