"""The demonstration: an invented school, the real daemon, an embedded SMSC, and what staff would see.

``make_school`` writes the school's files, ``school`` reads them, ``scenario`` plays a morning through the HTTP
API as a school application would, ``screen`` shows it in French, ``cli`` is the command.
"""
