/** AMQP 0-9-1 section 4.2.5.3: names and keys travel as short strings, these bytes at the most. */
export const MAX_SHORT_STRING_BYTES = 255;
