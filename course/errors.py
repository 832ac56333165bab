"""The errors that a user can meet on the command line."""


class CourseError(Exception):
    """Something the user can mend; the text is one sentence that says how.

    The command line prints the sentence alone, without a traceback.
    """
