// What runs between the two sides of a virtual machine's serial ports (machine.h): each port carries one stream, both ways, in frames.
// A frame is two bytes of length, the lower first, and so many bytes. Length 0: no more in this direction. 0xffff: nobody reads what comes; the sender
// stops, and still ends its direction. When both directions have ended the port can carry the next stream.
#ifndef RINGFENCE_MACHINE_WIRE_H
#define RINGFENCE_MACHINE_WIRE_H

// The ports, by what they carry. From PORT_PROXY on: one connection to the proxy at a time each.
enum { PORT_CONTROL, PORT_STDIN, PORT_STDOUT, PORT_STDERR, PORT_PROXY, PORT_MOST = 30 };

// On the control port, from the guest: one of these and four bytes, the lowest first. To the guest: bytes, each the number of a signal.
enum {
  TOLD_BEGUN = 'B',   // the command can be started
  TOLD_EXIT = 'E',    // its code; all that it said is out
  TOLD_REFUSED = 'R'  // the length of a text that follows: why nothing can run
};

// One stream, from its begin to its end: FROM is read and sent, what comes is written to TO. Both are closed as soon as their direction ends. -1: nothing
// is sent, or what comes is thrown away.
void converse(int port, int from, int to);

#endif
