import type { Attack } from "./attack.ts";
import { deathByLength, deathByReject, deathByTtl } from "./crash/death_count.ts";
import { exchangeChain } from "./crash/exchange_chain.ts";
import { databaseEmptied, directoryReplaced, walDeleted } from "./disk/deleted.ts";
import { fileModes } from "./disk/file_modes.ts";
import { bodyFlipped, walFlipped } from "./disk/flipped.ts";
import { fanoutEntries } from "./memory/fanout_entries.ts";
import { hundredPublishers } from "./memory/hundred_publishers.ts";
import { manyBindings } from "./memory/many_bindings.ts";
import { octetFrames } from "./memory/octet_frames.ts";
import { openTransaction } from "./memory/transaction.ts";
import { unfinishedBodies } from "./memory/unfinished_bodies.ts";
import { unreadGets1, unreadGets8 } from "./memory/unread_gets.ts";
import { unreadReplies } from "./memory/reply_to.ts";
import { deadLetterFanout } from "./starvation/dead_letter_fanout.ts";
import { durableExchanges, durableQueues } from "./starvation/durable_definitions.ts";
import { expiryStorm } from "./starvation/expiry_storm.ts";
import { bigTransaction } from "./starvation/big_transaction.ts";
import { boundQueueDelete, fanoutBindings } from "./starvation/fanout_bindings.ts";
import { fanoutFlood } from "./starvation/fanout_flood.ts";
import { headersBindings } from "./starvation/headers_bindings.ts";
import { multipleAck } from "./starvation/multiple_ack.ts";
import { nobody } from "./starvation/nobody.ts";
import { purge } from "./starvation/purge.ts";
import { requeueStorm } from "./starvation/requeue_storm.ts";
import { tenPublishers } from "./starvation/ten_publishers.ts";
import { topicPatterns } from "./starvation/topic_patterns.ts";
import { ttlChain } from "./starvation/ttl_chain.ts";
import { wideFanout } from "./starvation/wide_fanout.ts";

/** All attacks, by what they are directed at. */
export const ATTACKS: ReadonlyMap<string, readonly Attack[]> = new Map([
  ["crash", [deathByTtl, deathByReject, deathByLength, exchangeChain]],
  ["disk", [
    fileModes,
    walFlipped,
    walDeleted,
    directoryReplaced,
    databaseEmptied,
    bodyFlipped,
  ]],
  ["starvation", [
    nobody,
    fanoutFlood,
    wideFanout,
    tenPublishers,
    expiryStorm,
    deadLetterFanout,
    ttlChain,
    headersBindings,
    topicPatterns,
    fanoutBindings,
    boundQueueDelete,
    durableQueues,
    durableExchanges,
    purge,
    requeueStorm,
    multipleAck,
    bigTransaction,
  ]],
  ["memory", [
    unreadGets1,
    unreadGets8,
    unreadReplies,
    openTransaction,
    unfinishedBodies,
    octetFrames,
    hundredPublishers,
    fanoutEntries,
    manyBindings,
  ]],
]);
