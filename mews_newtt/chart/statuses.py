"""What each status means, in one line: printed wherever a status is explained."""

MEANINGS = {
    "verified": "transcribed twice, independently, from the primary document (or from two separately published copies), and the two agree",
    "transcribed": "transcribed once from the primary document",
    "secondary": "read from somebody else's transcription or code; the primary document was not seen",
    "derived": "computed from published reference ranges by a published method; nobody's chart",
    "local": "supplied by the site that runs the engine",
}

# The same on a card, where there is room for a few words.
IN_SHORT = {
    "verified": "Read twice, separately; both readings agree.",
    "transcribed": "Read once from the chart's own document.",
    "secondary": "Read from somebody else's copy. The chart itself was not seen.",
    "derived": "Computed from published ranges. It is nobody's chart.",
    "local": "Supplied by the site that runs this service.",
}
