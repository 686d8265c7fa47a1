"""
Failures that concern one patient's documents only; the station itself answers.

Whoever looks at many patients goes on with the others and concludes nothing about this one.

    Unavailable <- CutShort      a list ended at the station's limit
    Malformed   <- OddObject     what came is not what the station said of it
    Rejected    <- NotHandedOut  shown by a query, and refused to a retrieval
"""

from accord.adapters.errors import Malformed, Rejected, Unavailable


class CutShort(Unavailable):
    """A list ended at the station's limit: what is not on it may be there all the same."""


class OddObject(Malformed):
    """A row or an object that cannot be read, or that is not what the station said of it."""


class NotHandedOut(Rejected):
    """The station shows these objects and could send none of them."""


OF_ONE_PLACE = (CutShort, OddObject, NotHandedOut)
