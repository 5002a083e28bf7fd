"""Made-up platforms with faults, and a judge of what the diagnosis says about them.

**What this is.** 163 platforms score four charts. Each is a declaration: a sentence that says what its vendor did, the fault as a
few words of code, and what a diagnosis may say about it. Most are faulty; eight are right. The observation sets are made up too.

**Who wrote it.** A reader who had the chart files and the documents on reading, on chart files and on validation, and nothing else: not
the code of the diagnosis, not its tests, not its list of faults. The platforms come from the charts and from how hospital software goes
wrong. So they measure the diagnosis from outside. **Keep it so**: do not add a platform because the diagnosis can name it, and do not
take one away because it cannot. Loosen a pattern in `right` only where a person would accept the sentence.

**How to run it.**

    python -m tests.platforms.judge demo-output/platforms.tsv                           # all, with points for each row
    python -m tests.platforms.judge demo-output/platforms.tsv --form total --jobs 2     # totals alone
    python -m tests.platforms.judge demo-output/try.tsv --only mews-edge newtt2-glucose # names that begin so
    python -m tests.platforms.judge demo-output/platforms.tsv --again                   # judge the kept verdicts by changed declarations

The judge writes each file, runs `mews-newtt validate CHART FILE --report DIR` as anybody would, and reads report.json. A run that was cut
off goes on where it was. One platform takes about ten seconds.

| judgement | meaning |
| --- | --- |
| right | the verdict says what is wrong, with all its parts |
| partly right | a part of it; or a hint in the right place that says it is no verdict; or one of the faults that the file cannot tell from the verdict |
| rightly silent | no verdict, where none can be had: noise, a handful of rows, nothing to see in this form of file |
| silent though it could be said | no verdict, and nothing in its hints is right |
| misled though hedged | a wrong sentence that says that it is not certain |
| certain and wrong | a wrong sentence that claims to be certain; or disagreement with a platform that is right |
| crash | an exit code other than 0 and 1, a traceback, or no report |

**Where things are.** `scorer.py` scores a set by a chart file, plainly. `sets.py` makes observation sets. `platform.py` says how a platform
is declared. `faults.py` holds the pieces. `on_mews.py`, `on_newtt2.py`, `on_news2.py` and `on_npews.py` hold the platforms. `files.py` writes a
platform's file, in three forms: totals; totals and levels; totals, levels and points. `judge.py` judges.
"""
