"""Which worker of a parallel run gets what: a file stays together, unless a test of it says otherwise."""

from xdist.scheduler import LoadFileScheduling

# In a test's id: it is long, and needs nothing that its file has set up.
ALONE = "alone-"


class ByFile(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return nodeid if f"[{ALONE}" in nodeid else super()._split_scope(nodeid)
