"""Why a repair isn't done. Nothing was changed where one of these is raised."""


class Refused(Exception):
    """The repair, the approval or the undo is not allowed as things are; the text says why."""


class NotFound(LookupError):
    """There is no such plan."""


class Stopped(Exception):
    """The work ended before its end; what is done is whole and recorded, the rest is untouched."""
