"""Why a station would not associate with us, and what to change."""

from pydicom.uid import UID, EncapsulatedPDFStorage
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE

from accord.adapters.dicom_socket import PDU_TYPES, WatchedSocket
from accord.adapters.errors import Malformed, PeerError, Phase, Rejected, Unavailable
from accord.domain.wires import DicomWire

_TRANSIENT = 2
_BY_USER = 1  # source of an A-ASSOCIATE-RJ: the DICOM service user
_REASONS = {
    3: (
        "the station does not know our AE title: add `dicom.calling_ae_title` to its station list,"
        " or correct it here"
    ),
    7: "the station goes by another AE title: correct `dicom.ae_title`",
}


def refusal_of(association: Association, socket: WatchedSocket, wire: DicomWire) -> PeerError:
    """Give the error for an association that did not come about."""
    if socket.connect_error is not None:
        return _unconnected(socket.connect_error, wire)
    answer = association.acceptor.primitive or _unread(association)
    if association.is_rejected or (answer is not None and answer.result):
        return _rejected(answer)
    if socket.first_byte is None:
        return _silent(socket, wire)
    if socket.first_byte not in PDU_TYPES:
        return Malformed(
            "what listens there does not speak DICOM: check `dicom.host` and `dicom.port`",
            Phase.ACCEPT,
        )
    if answer is not None:
        return Rejected(
            "the station offers none of the services we ask for: let it accept them from our"
            " AE title",
            Phase.ACCEPT,
        )
    return Unavailable("the station broke off while we asked for an association", Phase.ACCEPT)


def unoffered(association: Association, model: UID, service: str) -> PeerError | None:
    """Name what a station left out of an association it accepted; None if nothing we need."""
    accepted = {context.abstract_syntax: context for context in association.accepted_contexts}
    if model not in accepted:
        hint = {"C-GET": "; or set `dicom.retrieve: move`", "C-MOVE": "; or `dicom.retrieve: get`"}
        return Rejected(
            f"the station does not offer {service} to our AE title: let it{hint.get(service, '')}",
            Phase.ACCEPT,
        )
    if service != "C-GET":
        return None
    pdf = accepted.get(EncapsulatedPDFStorage)
    if pdf is not None and pdf.as_scp:
        return None
    return Rejected(
        "the station will not send documents over C-GET (role selection refused): set"
        " `dicom.retrieve: move` and `dicom.move_port`",
        Phase.ACCEPT,
    )


def _unconnected(error: OSError, wire: DicomWire) -> PeerError:
    if isinstance(error, ConnectionRefusedError):
        text = (
            "nothing listens there: check `dicom.host` and `dicom.port`, and that the station runs"
        )
    elif isinstance(error, TimeoutError):
        text = f"no connection within {wire.timeout_s:g} s: a firewall, or the wrong `dicom.host`"
    else:
        text = "the station cannot be reached: check `dicom.host` and the network"
    return Unavailable(text, Phase.CONNECT)


def _unread(association: Association) -> A_ASSOCIATE | None:
    """
    Give an answer that pynetdicom has received and not looked at.

    A rejection closes the socket; where that comes before the asking thread has looked whether
    it is connected, pynetdicom takes it for a connection that never was.
    """
    left = association.dul.peek_next_pdu()
    return left if isinstance(left, A_ASSOCIATE) else None


def _rejected(answer: A_ASSOCIATE | None) -> PeerError:
    result, source = getattr(answer, "result", 0), getattr(answer, "result_source", 0)
    reason = getattr(answer, "diagnostic", 0)
    code = f"{result}/{source}/{reason}"
    if result == _TRANSIENT:
        return Unavailable("the station takes no association just now", Phase.ACCEPT, code)
    text = _REASONS.get(reason) if source == _BY_USER else None
    return Rejected(text or "the station refuses to associate with us", Phase.AUTHENTICATE, code)


def _silent(socket: WatchedSocket, wire: DicomWire) -> PeerError:
    if socket.hung_up:
        text = (
            "the connection was closed without an answer: either the port speaks something other"
            " than DICOM (`dicom.port`) or the station does not allow this machine"
        )
    else:
        text = (
            f"the port accepts connections but answers nothing within {wire.timeout_s:g} s:"
            " the station hangs, or the port is not DICOM (`dicom.port`)"
        )
    return Unavailable(text, Phase.ACCEPT)
