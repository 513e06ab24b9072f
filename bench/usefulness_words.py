"""What docs/usefulness.md says beside its numbers; no number that a run could change stands here."""

ABOUT = """# Is it useful?

You have a benchmark that you trust, only a few labelled items of it, and another benchmark that is cheap: a synthetic
one, an older one, a sister of yours. This page tries that on tables of real model answers. In each table all real items
are known. A random tenth and a random quarter of them are shown to acidtest, together with the whole alternative. What
it then says is held against the items that it did not see.

Written by `make usefulness` from `docs/usefulness.json`, which holds more digits and more numbers. Three kinds of table
are kept apart: real answers item by item; items *simulated* from published accuracies; scores without items."""

PREDICTION = """## Are predictions right?

**What is compared.** The held-out real items are the truth. They share no item with those that were used, so their
luck is independent of everything that acidtest saw. It is not zero, though: each interval is for the score on endless
items like these, and the held-out items are finite. So the held-out items' own luck, known from the items themselves,
is added to the interval before it is asked whether it holds the held-out value. A right 95 % interval then holds it
in 95 % of cases, whatever share of the set was used.

- *scores, combined*: each solver's score by `combined` (real items and alternative together), against its held-out
  score. Each side of the interval is widened by the root of the sum of squares.
- *scores, real alone*: the same for the score by the few real items alone, as a measure.
- *gap, mspd, srcc, agreement*: the statistic as its plain formula gives it for the held-out items beside the
  alternative as scored. Draws of the true real scores get the held-out items' luck, all solvers together. Where the
  report lets an interval reach perfection because that is not ruled out, it reaches it here.
- *as drawn*: the same without that reach. Where sets hardly differ, draws of a square lie too high and draws of an
  order too low: the columns show how much the reach is needed.
- *reported*: share of the reported intervals that hold the `true` value by all real items. That value has luck of its
  own, which the few real items and the alternative share in part. Read it as a check of consistency, not of coverage.

± is the standard error over runs: one jackknife step leaves out one run or, where halves are drawn or items simulated,
all runs of one draw. It knows the chance of picking items, not the chance of having picked this table."""

SAVING = """## How many labels are saved?

*Saving*: how many times as many real items one would need, without the alternative, for the same mean squared error as
`combined`. The error of real items alone goes with one over their number. From both errors the held-out items' luck is
taken off, so this is the error of *true* scores. In *of all items* the target is the score on all real items of the
table instead: a finite set, part of which was seen. There no method can save much once a quarter is seen, because what
is left is mostly the luck of the rest.

Two errors are meant, and they behave differently:

- *scores*: each solver's own score. A sample of items may be easier than the rest, for all solvers at once. The
  alternative cannot know that, since nobody promised that it is as hard as the real set. What helps is only the part of
  the error that is each solver's own.
- *differences*: scores less their mean over solvers. It is what matters to compare solvers, and the shift above drops
  out. In theory the saving is 1 + worth_rank / labels, if the line from alternative to real scores were known.

*Most for scores*: the saving of one who knows all differences between solvers and nothing of how hard the labelled
items are: error of real items alone, over the part of it that all solvers share. A real and a synthetic set of the same
source may be equally hard; but that is what the verdict `score` asks, so nothing here takes it for granted.

*worth_rank* is estimated from all real items (median over draws of the tables). *Claimed* is `combined_items`, for
order and for level, divided by the labels: what a user is told of the saving, averaged over runs. The goal was set
as a saving of three or more wherever worth_rank is above twice the number of labels; - means that it is not.

The second table shows what this does to the order. *Agreement*: share of solver pairs ordered as by the held-out items,
whose own luck limits it. *Regret*: what is lost on the held-out items by choosing the solver that looks best. Regret is
against the best held-out score, which luck makes look better than it is: compare columns, not with 0."""

VERDICTS = """## Are verdicts right?

The right answer comes from all real items. Where the verdict by all items is GO or NO-GO, that is *known*. Where it is
INCONCLUSIVE even then, nobody knows; the likelier side by the noise-corrected statistics of all items is taken as a
guess, and stands apart. For random halves of one set, `score` is GO by construction. The right answers lean on the same
method as the verdicts, with more items: a flaw that more items do not cure would not show here.

Runs of one pair are not independent: they share the table. The ± of the share is a jackknife over pairs; 0 where no
pair had an error, which is no proof that none will."""

SIMULATED = """## Items simulated from published accuracies

These tables publish one accuracy per solver and benchmark, and the number of items. Here the items are *simulated*:
each solver gets exactly its published number of items right, the ones that are easiest for it. Items differ in
difficulty (standard deviation 1 on the logit scale), the rest is luck of each solver alone. The order of solvers and
the distance of both benchmarks are real; the items are not. Related models, whose real mistakes coincide, are
independent here. Never add these to the tables above. Of larger tables 60 solvers are drawn.

The first table checks the number of items: a published accuracy must be a whole number of them, rounded as printed."""

SHARED = """## Alternatives that share items with the real set

The same problems, scored otherwise (HumanEval and HumanEval+, MBPP and MBPP+, both with simulated items), and MMLU
beside its items without errors. The alternative then knows the very items that are held out, which no new stand-in
does: these rows show what happens, and count nowhere above.

- Order statistics predicted of the held-out items miss, and must: the held-out items' luck is in the alternative, too,
  so both agree better than two sets of separate items could. Intervals for the true order (*reported*) are not touched.
- Savings are flattered: luck of the held-out items that the alternative knows is taken off the error all the same.
- Where the alternative holds all the real items at hand and more, it could be a judge of labelled and unlabelled items.
  It is taken for one only on request (`--judge`): clean items are no random part of all items, and nobody can see that
  from the scores."""

WITHOUT_ITEMS = """## Tables without items

For embedding models on MTEB and for TREC runs under human and under machine judgements, only one score per solver is
published, and no number of items would make it a share. No label can be saved where no item is known, and no verdict
is given. What acidtest shows is an interval over solvers: what another group of solvers like these might show. So
here a tenth and a quarter of the *solvers* are drawn (at least six), many times, and the interval is held against the
value over all solvers. That group holds the solvers seen, so a right 95 % interval would hold it in 96.1 % of cases
at a tenth and in 97.6 % at a quarter.

It does not, where few solvers are unlike all others. On STSBenchmark one published score is near 0 where the same
solver's others are near 1: it makes up a large part of mspd, and those who did not draw it cannot know."""
