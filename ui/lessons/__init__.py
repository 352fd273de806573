"""Lessons: ten minutes each, on the shipped models, with a question before each reveal.

How a lesson is written. A module of this folder, named by its subject, makes one `LESSON` (`ui.lessons.lesson.Lesson`),
and `ui/lessons/catalogue.py` lists it: one line each, and the list of lessons, the address, the teacher's page, the
progress and the tests know it. A step is a function that draws one screen's worth; it runs in a fragment, again after
each act:

    GUESS = Choice("guess", "What does the middle decode to?", ("A 4", "A smear"), right="A smear", reason="Why.")
    FIND = Exercise("find", "Pin z where … .", hint="Look at … .", solved="What there is to see in it.")

    def between() -> None:
        explorer = here.model("mnist-2d-ae")         # shipped models only
        st.markdown("Two or three short sentences.")
        if GUESS.ask():                              # nothing below is shown before the prediction
            z = stage(explorer, sliders=True)        # map, picture, sliders, live; the z that is settled
            equation("code", r"[[z]] = f(x)", {"z": Term("z", z)})
            FIND.check(is_found(z) if here.has_moved(explorer) else None, now="Density: …")
            show_code(excerpt(Autoencoder.encode))

    LESSON = Lesson(1, …, steps=(Step("between", "Between two clusters", between, tasks=("guess", "find")),))

- Questions are `Choice`, `Estimate` (a slider) and `Spot` (a click on a map), in `question.py`; each names one of the
  step's tasks.
- Whatever else is drawn takes its key from `here.key(name)`; what a session remembers of a step it keeps under such a
  key too.
- Numbers come from vae_core, computed when shown (kept with `st.cache_data` by `explorer.card.key` where that takes
  time).
- `answers` has an entry for each task, in their order, for the teacher's page.
- The walk through all lessons in `tests/browser/test_lessons.py` is told how to solve what it cannot know.
"""
