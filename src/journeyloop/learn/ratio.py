"""Are the arms as large as they should be? If not, the draw is broken or people get lost, and no uplift can be trusted.

On people, not on signals: an arm is drawn once for each person. The Bayes factor is that of Lindon & Malek
(Anytime-valid inference for multinomial count data, 2022): a Dirichlet prior around the intended shares against exactly
those. It may be looked at after every person. Counts under another share belong to another ratio: begin anew when it
changes.
"""

from __future__ import annotations

from math import lgamma, log

ALARM = log(1.0 / 0.001)
PRIOR = 100.0


def ratio_alarm(treated: int, held_out: int, share: float) -> float | None:
    """The logarithm of the Bayes factor if it is an alarm (with probability 0.001 ever, if nothing is wrong).

    `share` is the probability of being treated. Without a holdout, or with nothing else, there is no ratio.
    """
    if not 0.0 < share < 1.0:
        return None
    factor = ratio_factor(treated, held_out, share)
    return factor if factor >= ALARM else None


def ratio_factor(treated: int, held_out: int, share: float) -> float:
    """ln of the Bayes factor: how much better another share explains the counts."""
    found = lgamma(PRIOR) - lgamma(PRIOR + treated + held_out)
    for count, part in ((treated, share), (held_out, 1.0 - share)):
        prior = PRIOR * part
        found += lgamma(prior + count) - lgamma(prior) - count * log(part)
    return found
