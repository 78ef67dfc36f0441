//! The why of a verdict: its steps, notes and inputs, made on demand from what was known when it was judged.
