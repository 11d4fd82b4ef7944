/** What leaves a connection in one turn is bounded, whatever the client takes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SocketWriter } from "../../../src/broker/connection/socket_writer.ts";
import { Traffic } from "../../../src/broker/connection/traffic.ts";
import { EndOfTurn } from "../../../src/broker/end_of_turn.ts";
import { MemoryGuard } from "../../../src/broker/memory_guard.ts";

const PIECE = Buffer.alloc(100_000);
const MOST_BYTES = 1024 * 1024;
const MOST_METHODS = 500;

/** A writer to a client that takes as much as `waiting` leaves, and what was sent and told. */
function writerTo(client: { waitingBytes: number }) {
  const seen = { sentBytes: 0, relieved: 0 };
  const endOfTurn = new EndOfTurn();
  const nothing = () => {};
  const memory = new MemoryGuard(2 ** 30, endOfTurn, {
    collect: nothing,
    failed: nothing,
    blocked: nothing,
    unblocked: nothing,
  });
  const socket = {
    destroyed: false,
    get writableLength() {
      return client.waitingBytes;
    },
    write: (bytes: Uint8Array) => (seen.sentBytes += bytes.length) > 0,
    on: nothing,
  };
  const out = new SocketWriter(socket as never, { endOfTurn, memory }, new Traffic(), {
    wrote: nothing,
    failed: (error) => assert.fail(String(error)),
    pressure: nothing,
    relieved: () => void seen.relieved++,
    refused: nothing,
  });
  /** Delivers as long as it may. */
  const deliver = (piece = PIECE) => {
    for (let pieces = 0; !out.congested; pieces++) {
      assert.ok(pieces <= MOST_METHODS + 1, "it goes on without an end");
      out.writer.raw(piece);
      out.wantFlush();
    }
  };
  return { out, endOfTurn, seen, deliver };
}

Deno.test("a client that takes all at once gets its share of a turn, and the next one in the next", () => {
  const { out, endOfTurn, seen, deliver } = writerTo({ waitingBytes: 0 });
  for (let turn = 1; turn <= 3; turn++) {
    deliver();
    endOfTurn.run();
    assert.equal(seen.relieved, turn);
    assert.equal(out.congested, false);
    assert.ok(seen.sentBytes > turn * MOST_BYTES);
    assert.ok(seen.sentBytes <= turn * (MOST_BYTES + PIECE.length));
  }
  out[Symbol.dispose]();
  endOfTurn[Symbol.dispose]();
});

Deno.test("small messages are bounded by their number, and leave at the end of the turn", () => {
  const { out, endOfTurn, seen, deliver } = writerTo({ waitingBytes: 0 });
  const small = Buffer.alloc(100);
  for (let turn = 1; turn <= 3; turn++) {
    deliver(small);
    assert.equal(out.congested, true);
    endOfTurn.run();
    assert.equal(seen.relieved, turn);
    assert.equal(seen.sentBytes, turn * (MOST_METHODS + 2) * small.length);
  }
  out[Symbol.dispose]();
  endOfTurn[Symbol.dispose]();
});

Deno.test("a client that does not read is not relieved by the end of the turn", () => {
  const { out, endOfTurn, seen, deliver } = writerTo({ waitingBytes: 2 * MOST_BYTES });
  deliver();
  endOfTurn.run();
  assert.equal(seen.relieved, 0);
  assert.equal(out.congested, true);
  out[Symbol.dispose]();
  endOfTurn[Symbol.dispose]();
});
