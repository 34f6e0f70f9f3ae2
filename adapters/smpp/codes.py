"""Numbers of SMPP 3.4 by name: commands, statuses and optional parameters.

The numbers are smpplib's; the names that it lacks (those of SMPP 5.0) stand here. This is the only file that
imports smpplib.
"""

from typing import Final

from smpplib import command_codes, consts  # type: ignore[import-untyped]

_COMMANDS: dict[str, int] = command_codes.commands
_TAGS: dict[str, int] = consts.OPTIONAL_PARAMS

RESPONSE: Final = 0x80000000  # set in the command of every answer

GENERIC_NACK: Final = _COMMANDS["generic_nack"]
BIND_RECEIVER: Final = _COMMANDS["bind_receiver"]
BIND_TRANSMITTER: Final = _COMMANDS["bind_transmitter"]
BIND_TRANSCEIVER: Final = _COMMANDS["bind_transceiver"]
QUERY_SM: Final = _COMMANDS["query_sm"]
SUBMIT_SM: Final = _COMMANDS["submit_sm"]
DELIVER_SM: Final = _COMMANDS["deliver_sm"]
UNBIND: Final = _COMMANDS["unbind"]
REPLACE_SM: Final = _COMMANDS["replace_sm"]
CANCEL_SM: Final = _COMMANDS["cancel_sm"]
OUTBIND: Final = _COMMANDS["outbind"]
ENQUIRE_LINK: Final = _COMMANDS["enquire_link"]
SUBMIT_MULTI: Final = _COMMANDS["submit_multi"]
DATA_SM: Final = _COMMANDS["data_sm"]
ALERT_NOTIFICATION: Final = _COMMANDS["alert_notification"]

SUBMIT_SM_RESP: Final = _COMMANDS["submit_sm_resp"]
DELIVER_SM_RESP: Final = _COMMANDS["deliver_sm_resp"]
UNBIND_RESP: Final = _COMMANDS["unbind_resp"]
ENQUIRE_LINK_RESP: Final = _COMMANDS["enquire_link_resp"]

BINDS: Final = frozenset({BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER})
NAMES: Final[dict[int, str]] = {number: name for name, number in _COMMANDS.items()}

ROK: Final[int] = consts.SMPP_ESME_ROK
RINVMSGLEN: Final[int] = consts.SMPP_ESME_RINVMSGLEN
RINVCMDLEN: Final[int] = consts.SMPP_ESME_RINVCMDLEN
RINVCMDID: Final[int] = consts.SMPP_ESME_RINVCMDID
RINVBNDSTS: Final[int] = consts.SMPP_ESME_RINVBNDSTS
RALYBND: Final[int] = consts.SMPP_ESME_RALYBND
RSYSERR: Final[int] = consts.SMPP_ESME_RSYSERR
RINVPRTFLG: Final[int] = consts.SMPP_ESME_RINVPRTFLG
RINVSRCADR: Final[int] = consts.SMPP_ESME_RINVSRCADR
RINVDSTADR: Final[int] = consts.SMPP_ESME_RINVDSTADR
RINVMSGID: Final[int] = consts.SMPP_ESME_RINVMSGID
RQUERYFAIL: Final[int] = consts.SMPP_ESME_RQUERYFAIL
RMSGQFUL: Final[int] = consts.SMPP_ESME_RMSGQFUL
RINVSERTYP: Final[int] = consts.SMPP_ESME_RINVSERTYP
RINVESMCLASS: Final[int] = consts.SMPP_ESME_RINVESMCLASS
RSUBMITFAIL: Final[int] = consts.SMPP_ESME_RSUBMITFAIL
RINVSCHED: Final[int] = consts.SMPP_ESME_RINVSCHED
RINVEXPIRY: Final[int] = consts.SMPP_ESME_RINVEXPIRY
RMISSINGTLV: Final = 0xC3
RINVTLVVAL: Final = 0xC4
RINVDCS: Final = 0x104
RINVPASWD: Final[int] = consts.SMPP_ESME_RINVPASWD
RINVSYSID: Final[int] = consts.SMPP_ESME_RINVSYSID
RBINDFAIL: Final[int] = consts.SMPP_ESME_RBINDFAIL
RCANCELFAIL: Final[int] = consts.SMPP_ESME_RCANCELFAIL
RTHROTTLED: Final[int] = consts.SMPP_ESME_RTHROTTLED
RX_T_APPN: Final[int] = consts.SMPP_ESME_RX_T_APPN
RX_P_APPN: Final[int] = consts.SMPP_ESME_RX_P_APPN
RX_R_APPN: Final[int] = consts.SMPP_ESME_RX_R_APPN

#: Every status that has a name, without its ESME_ prefix: 0x0B -> RINVDSTADR.
STATUS_NAMES: Final[dict[int, str]] = {
    number: name.removeprefix("SMPP_ESME_") for name, number in vars(consts).items() if name.startswith("SMPP_ESME_")
} | {0x100: "RSERTYPUNAUTH", 0x101: "RPROHIBITED", 0x102: "RSERTYPUNAVAIL", 0x103: "RSERTYPDENIED", 0x104: "RINVDCS"}

RECEIPTED_MESSAGE_ID: Final = _TAGS["receipted_message_id"]
MESSAGE_STATE: Final = _TAGS["message_state"]
NETWORK_ERROR_CODE: Final = _TAGS["network_error_code"]
MESSAGE_PAYLOAD: Final = _TAGS["message_payload"]
DEST_ADDR_SUBUNIT: Final = _TAGS["dest_addr_subunit"]
SAR_MSG_REF_NUM: Final = _TAGS["sar_msg_ref_num"]
SAR_TOTAL_SEGMENTS: Final = _TAGS["sar_total_segments"]
SAR_SEGMENT_SEQNUM: Final = _TAGS["sar_segment_seqnum"]
QOS_TIME_TO_LIVE: Final = _TAGS["qos_time_to_live"]
USER_MESSAGE_REFERENCE: Final = _TAGS["user_message_reference"]
SC_INTERFACE_VERSION: Final = _TAGS["sc_interface_version"]
CONGESTION_STATE: Final = 0x0428  # SMPP 5.0: how busy the other side is, 0 to 100

VERSION_33: Final[int] = consts.SMPP_VERSION_33
VERSION_34: Final[int] = consts.SMPP_VERSION_34
VERSION_50: Final = 0x50
UDHI: Final[int] = consts.SMPP_GSMFEAT_UDHI  # esm_class: the text begins with a user data header
RECEIPT: Final = 0x04  # esm_class: a delivery receipt
DELIVERY_ACK: Final = 0x08  # esm_class: the phone says that it has the message
MANUAL_ACK: Final = 0x10  # esm_class: the person says so, perhaps in words
INTERMEDIATE: Final = 0x20  # esm_class: an intermediate notification
KIND_MASK: Final = 0x3C  # esm_class: the bits that say which of these it is
UCS2: Final[int] = consts.SMPP_ENCODING_ISO10646


def describe(status: int) -> str:
    """A status as people search for it: ``RINVPASWD 0x0000000E``, or the bare number of a vendor's."""
    name = STATUS_NAMES.get(status)
    return f"{name} 0x{status:08X}" if name else f"0x{status:08X}"


def name_of(command: int) -> str:
    """A command by its name, or as a number when the standard has none for it."""
    return NAMES.get(command, f"0x{command:08X}")
