package main

// recvFlags: descriptors that come in a message stay open over an exec here.
// Nothing is received in earnest: the system has no packet sockets for
// listen -w.
const recvFlags = 0
