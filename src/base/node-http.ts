// node:http without a library that it drags along: importing it as an ES module reads all of its exports, and one of them, WebSocket,
// is loaded when it is read. That cost every start 25 ms and 18 MB.

export const { Agent, createServer, request, STATUS_CODES } = process.getBuiltinModule("node:http");
