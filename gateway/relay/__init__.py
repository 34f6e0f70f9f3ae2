"""A helper process that reads the requests of busy connections and writes their answers.

One Python process uses one processor. What a request costs before it is understood and after it is answered (the
socket, its headers, the words of HTTP) is therefore done by another process, for connections that send one message
after the other; all that is decided and stored stays in the gateway.

A connection begins in the gateway. When it turns out to be busy, the gateway passes its socket on. The relay sends
each plain request as a frame and writes the answer that comes back; anything else that it reads it does not judge:
it passes the socket back, with the octets it has read. The relay holds nothing that could be lost, listens to
nothing, and ends when the gateway does.
"""
